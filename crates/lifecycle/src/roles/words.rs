//! What each of Tenantry's own permissions allows, for people who put a role together.

use tenantry_kernel::Permission;

/// In one sentence; `None` for what is no permission of Tenantry's.
#[must_use]
pub fn description_of(permission: &Permission) -> Option<&'static str> {
    Some(match permission.as_str() {
        "tenant.read" => "See the tenant itself.",
        "tenant.update" => "Change the tenant's profile.",
        "tenant.delete" => "Delete the tenant, or undo that.",
        "members.read" => "See who is a member, and what their roles allow.",
        "members.invite" => "Invite people.",
        "members.manage" => "Change, deactivate and remove members who may not do more than oneself.",
        "members.manage_basic" => "The same for members and viewers only.",
        "roles.manage" => "Define roles that give what one holds oneself.",
        "ownership.transfer" => "Hand the tenant over to another member.",
        "domains.read" => "See the tenant's custom domains.",
        "domains.manage" => "Add, verify and remove custom domains.",
        "settings.read" => "See settings.",
        "settings.manage" => "Change settings.",
        "security.manage" => "Change the security policy.",
        "api_keys.read" => "See API keys, never their secrets.",
        "api_keys.manage" => "Make, rotate and revoke API keys.",
        "api_keys.verify" => "Ask whether a key of the tenant may do something.",
        "service_accounts.read" => "See service accounts, never their secrets.",
        "service_accounts.manage" => "Make, change and end service accounts and their secrets.",
        "support_access.manage" => "Agree to support access, take that back, and see who came.",
        "tokens.introspect" => "Ask what a token of the tenant is good for.",
        "usage.read" => "See usage and limits.",
        "usage.read_basic" => "See one's own usage, and the limits.",
        "usage.consume" => "Use what is counted.",
        "billing.read" => "See plan, payment methods and billing.",
        "billing.manage" => "Change plan and payment methods, and pay.",
        "invoices.read" => "See invoices.",
        "audit.read" => "See what happened, and who did it.",
        "webhooks.read" => "See webhooks, never their secrets.",
        "webhooks.manage" => "Add, change and remove webhooks.",
        _ => return None,
    })
}
