//! Who may do what: system roles and permissions, in one table.
//!
//! A catalog names roles and hands out the application's own permissions; what a role may do with Tenantry itself
//! follows from its base alone. Platform roles are a table of their own: they belong to the installation.

use tenantry_activity::permissions::{AUDIT_READ, WEBHOOKS_MANAGE, WEBHOOKS_READ};
use tenantry_billing::permissions::{BILLING_MANAGE, BILLING_READ, INVOICES_READ};
use tenantry_identity::permissions::{
    API_KEYS_MANAGE, API_KEYS_READ, API_KEYS_VERIFY, SERVICE_ACCOUNTS_MANAGE, SERVICE_ACCOUNTS_READ, TOKENS_INTROSPECT,
};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Code, Permission, PermissionSet};
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_BASIC_USAGE, READ_USAGE};
use tenantry_tenancy::permissions::{
    ALL as TENANCY, DOMAINS_READ, MEMBERS_INVITE, MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC, MEMBERS_READ,
    OWNERSHIP_TRANSFER, ROLES_MANAGE, SECURITY_MANAGE, SETTINGS_READ, TENANT_DELETE, TENANT_READ,
};
use tenantry_tenancy::role::{RoleBook, RoleDefinition, RoleKind, SystemRole};

/// See all tenants and how the installation does.
pub const PLATFORM_READ: Permission = Permission::known("platform.read");
/// Create, suspend and reactivate tenants, change their plans and limits.
pub const PLATFORM_MANAGE: Permission = Permission::known("platform.manage");

/// Agree to support access, and see who came.
pub const SUPPORT_ACCESS_MANAGE: Permission = Permission::known("support_access.manage");

/// What support never does on behalf of a member, whatever the member may: keys, programs, members and their roles,
/// security, whose the tenant is, and how it pays. A person's own account is closed to it besides.
const FORBIDDEN_TO_SUPPORT: [Permission; 13] = [
    API_KEYS_MANAGE,
    API_KEYS_VERIFY,
    SERVICE_ACCOUNTS_MANAGE,
    TOKENS_INTROSPECT,
    SUPPORT_ACCESS_MANAGE,
    BILLING_MANAGE,
    MEMBERS_INVITE,
    MEMBERS_MANAGE,
    MEMBERS_MANAGE_BASIC,
    ROLES_MANAGE,
    SECURITY_MANAGE,
    OWNERSHIP_TRANSFER,
    TENANT_DELETE,
];

/// Of what a member may do, what support may do on their behalf.
#[must_use]
pub fn of_support(held: &PermissionSet, read_only: bool) -> PermissionSet {
    let reads = |permission: &Permission| {
        let verb = permission.as_str().rsplit('.').next().unwrap_or_default();
        matches!(verb, "read" | "read_basic")
    };
    let allowed =
        |permission: &&Permission| !FORBIDDEN_TO_SUPPORT.contains(permission) && (!read_only || reads(permission));
    held.iter().filter(allowed).cloned().collect()
}

/// Every permission that a tenant's members may hold, the application's own aside.
#[must_use]
pub fn tenant_permissions() -> Vec<Permission> {
    let others = [
        API_KEYS_READ,
        API_KEYS_MANAGE,
        API_KEYS_VERIFY,
        SERVICE_ACCOUNTS_READ,
        SERVICE_ACCOUNTS_MANAGE,
        TOKENS_INTROSPECT,
        SUPPORT_ACCESS_MANAGE,
        READ_USAGE,
        READ_BASIC_USAGE,
        CONSUME_USAGE,
        BILLING_READ,
        BILLING_MANAGE,
        INVOICES_READ,
        AUDIT_READ,
        WEBHOOKS_READ,
        WEBHOOKS_MANAGE,
    ];
    TENANCY.into_iter().chain(others).collect()
}

/// What of that only owners may unless a role of the tenant's own names it: `*` leaves it out. The rest is what admins
/// hold.
#[must_use]
pub fn owners_alone() -> PermissionSet {
    PermissionSet::from_iter([
        BILLING_READ,
        BILLING_MANAGE,
        INVOICES_READ,
        TENANT_DELETE,
        OWNERSHIP_TRANSFER,
    ])
}

/// What a system role may do with Tenantry itself.
#[must_use]
pub fn system_permissions(role: SystemRole) -> PermissionSet {
    match role {
        SystemRole::Owner => tenant_permissions().into_iter().collect(),
        SystemRole::Admin => {
            let all: PermissionSet = tenant_permissions().into_iter().collect();
            all.difference(&owners_alone())
        }
        SystemRole::Manager => PermissionSet::from_iter([
            TENANT_READ,
            MEMBERS_READ,
            MEMBERS_INVITE,
            MEMBERS_MANAGE_BASIC,
            API_KEYS_READ,
            SERVICE_ACCOUNTS_READ,
            WEBHOOKS_READ,
            DOMAINS_READ,
            SETTINGS_READ,
            READ_USAGE,
            READ_BASIC_USAGE,
            CONSUME_USAGE,
        ]),
        SystemRole::Member => PermissionSet::from_iter([TENANT_READ, MEMBERS_READ, READ_BASIC_USAGE, CONSUME_USAGE]),
        SystemRole::Viewer => PermissionSet::from_iter([TENANT_READ, MEMBERS_READ, READ_USAGE, READ_BASIC_USAGE]),
    }
}

/// What a platform role may do with the installation.
#[must_use]
pub fn platform_permissions(role: PlatformRole) -> PermissionSet {
    match role {
        PlatformRole::Operator => PermissionSet::from_iter([PLATFORM_READ, PLATFORM_MANAGE]),
        PlatformRole::Support => PermissionSet::from_iter([PLATFORM_READ]),
    }
}

/// A role of a catalog: its base's permissions, and of the application's those that it is given.
///
/// Owners and admins hold all of the application's permissions, viewers none, whatever they are given.
#[must_use]
pub fn define(
    code: Code,
    base: SystemRole,
    aliases: Vec<String>,
    given: &PermissionSet,
    application: &PermissionSet,
) -> RoleDefinition {
    let own = system_permissions(base);
    let permissions = match base {
        SystemRole::Owner | SystemRole::Admin => own.union(application),
        SystemRole::Manager | SystemRole::Member => own.union(&given.intersection(application)),
        SystemRole::Viewer => own,
    };
    RoleDefinition {
        code,
        kind: RoleKind::System(base),
        aliases,
        permissions,
    }
}

/// The roles of a catalog that names none: the five system roles under their own names.
#[must_use]
pub fn system_roles(application: &PermissionSet) -> Vec<RoleDefinition> {
    let named = |base: SystemRole| {
        let code = Code::try_from(base.as_str()).ok()?;
        // Managers and members of such a catalog use all of the application.
        Some(define(code, base, Vec::new(), application, application))
    };
    SystemRole::ALL.into_iter().filter_map(named).collect()
}

/// Roles against permissions, as a table in text: what the golden file holds.
#[must_use]
pub fn matrix(roles: &RoleBook) -> String {
    let mut permissions: Vec<Permission> = tenant_permissions();
    permissions.extend(roles.owner().permissions.iter().cloned());
    permissions.sort();
    permissions.dedup();
    let width = permissions
        .iter()
        .map(|permission| permission.as_str().len())
        .max()
        .unwrap_or_default();

    let mut table = format!("{:width$}", "permission");
    for role in roles.all() {
        table.push_str(&format!("  {}", role.code));
    }
    table.push('\n');
    for permission in &permissions {
        let mut line = format!("{:width$}", permission.as_str());
        for role in roles.all() {
            let mark = if role.permissions.holds(permission) { "x" } else { "." };
            line.push_str(&format!("  {mark:<role_width$}", role_width = role.code.as_str().len()));
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

mod words;

pub use words::description_of;

#[cfg(test)]
mod tests;
