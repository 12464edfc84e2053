//! What a tenant asks of those who enter it.

mod policy_replace;
mod policy_show;

use serde::{Deserialize, Serialize};
use tenantry_kernel::TenantScope;
use tenantry_kernel::uuid::Uuid;
use tenantry_tenancy::security::{PolicyDraft, SecurityPolicy};
use utoipa::ToSchema;

use crate::conditional;
use crate::json::object;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![policy_show::row(), policy_replace::row()]
}

/// What its tags are made of.
fn tagged(scope: &TenantScope) -> Uuid {
    conditional::part(scope.tenant_id().as_uuid(), "security-policy")
}

/// A security policy, as it is written and shown. What is left out asks for nothing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SecurityPolicy)]
struct Document {
    /// Everybody signs in with a second factor.
    #[schema(example = true)]
    mfa_required: bool,
    /// Addresses and ranges, IPv4 and IPv6, from which members and API keys may call; everywhere when empty.
    #[schema(example = json!(["192.0.2.0/24", "2001:db8::/32"]))]
    ip_allowlist: Vec<String>,
    /// How long sessions last.
    #[serde(deserialize_with = "object")]
    session: SessionDocument,
    /// What passwords must be like.
    #[serde(deserialize_with = "object")]
    password: PasswordDocument,
    /// At which domains members have their addresses, exactly; anywhere when empty.
    #[schema(example = json!(["acme.example"]))]
    allowed_email_domains: Vec<String>,
    /// `managers`, `admins` or `owners`, of those who hold `members.invite`.
    #[schema(example = "admins")]
    who_may_invite: String,
    /// Whether the installation's people may act in the place of a member: `allowed` or `with_consent`.
    #[schema(example = "with_consent")]
    support_access: String,
    /// Devices may be remembered, so that the second factor is asked for less often.
    #[schema(example = true)]
    remember_devices: bool,
    /// `password`, `magic_link`, `passkey`: at least one.
    #[schema(example = json!(["password", "passkey"]))]
    sign_in_methods: Vec<String>,
    /// How people with a verified address at a proved domain of the tenant come in.
    #[serde(deserialize_with = "object")]
    domain_join: JoinDocument,
}

/// They can only be shorter than the installation's.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SecurityPolicySession)]
struct SessionDocument {
    /// From signing in: 1 to 8760.
    #[schema(example = 12)]
    absolute_hours: Option<i64>,
    /// Without use: 15 to 525600.
    #[schema(example = 60)]
    idle_minutes: Option<i64>,
}

/// They can only ask for more than the installation does.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SecurityPolicyPassword)]
struct PasswordDocument {
    /// Characters at least: 8 to 64.
    #[schema(example = 15)]
    min_length: Option<i64>,
    /// How hard to guess, from 0 to 4 on the scale of zxcvbn.
    #[schema(example = 3)]
    min_strength: Option<i64>,
    /// It must not be known from a breach.
    #[schema(example = true)]
    forbid_breached: bool,
}

/// By themselves, on request, or not.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SecurityPolicyDomainJoin)]
struct JoinDocument {
    /// `off`, `suggest` (they ask, somebody decides) or `auto` (they join).
    #[schema(example = "suggest")]
    mode: String,
    /// With which role; the member's when empty. Never an owner's or an admin's.
    #[schema(example = "member")]
    role: Option<String>,
}

impl Default for Document {
    fn default() -> Self {
        Self::from(&SecurityPolicy::default())
    }
}

impl Default for JoinDocument {
    fn default() -> Self {
        Document::default().domain_join
    }
}

impl From<&SecurityPolicy> for Document {
    fn from(policy: &SecurityPolicy) -> Self {
        let draft = PolicyDraft::from(policy);
        Self {
            mfa_required: draft.mfa_required,
            ip_allowlist: draft.ip_allowlist,
            session: SessionDocument {
                absolute_hours: draft.session_absolute_hours,
                idle_minutes: draft.session_idle_minutes,
            },
            password: PasswordDocument {
                min_length: draft.password_min_length,
                min_strength: draft.password_min_strength,
                forbid_breached: draft.password_forbid_breached,
            },
            allowed_email_domains: draft.allowed_email_domains,
            who_may_invite: draft.who_may_invite,
            support_access: draft.support_access,
            remember_devices: draft.remember_devices,
            sign_in_methods: draft.sign_in_methods,
            domain_join: JoinDocument {
                mode: draft.domain_join_mode,
                role: draft.domain_join_role,
            },
        }
    }
}

impl From<Document> for PolicyDraft {
    fn from(document: Document) -> Self {
        Self {
            mfa_required: document.mfa_required,
            ip_allowlist: document.ip_allowlist,
            session_absolute_hours: document.session.absolute_hours,
            session_idle_minutes: document.session.idle_minutes,
            password_min_length: document.password.min_length,
            password_min_strength: document.password.min_strength,
            password_forbid_breached: document.password.forbid_breached,
            allowed_email_domains: document.allowed_email_domains,
            who_may_invite: document.who_may_invite,
            support_access: document.support_access,
            remember_devices: document.remember_devices,
            sign_in_methods: document.sign_in_methods,
            domain_join_mode: document.domain_join.mode,
            domain_join_role: document.domain_join.role,
        }
    }
}
