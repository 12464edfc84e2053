//! What may be allowed around tenants and their members.

use tenantry_kernel::Permission;

/// See the tenant itself.
pub const TENANT_READ: Permission = Permission::known("tenant.read");
/// Change the tenant's profile.
pub const TENANT_UPDATE: Permission = Permission::known("tenant.update");
/// Delete the tenant, or undo that.
pub const TENANT_DELETE: Permission = Permission::known("tenant.delete");
/// See who is a member.
pub const MEMBERS_READ: Permission = Permission::known("members.read");
/// Invite people.
pub const MEMBERS_INVITE: Permission = Permission::known("members.invite");
/// Change, deactivate and remove every member whose permissions one holds oneself.
pub const MEMBERS_MANAGE: Permission = Permission::known("members.manage");
/// The same for members and viewers only.
pub const MEMBERS_MANAGE_BASIC: Permission = Permission::known("members.manage_basic");
/// Define roles.
pub const ROLES_MANAGE: Permission = Permission::known("roles.manage");
/// Hand the tenant over to another member. Owners only: no tenant's own role gives it.
pub const OWNERSHIP_TRANSFER: Permission = Permission::known("ownership.transfer");
/// See the tenant's custom domains.
pub const DOMAINS_READ: Permission = Permission::known("domains.read");
/// Add, verify and remove custom domains.
pub const DOMAINS_MANAGE: Permission = Permission::known("domains.manage");
/// See settings.
pub const SETTINGS_READ: Permission = Permission::known("settings.read");
/// Change settings.
pub const SETTINGS_MANAGE: Permission = Permission::known("settings.manage");
/// Change the security policy.
pub const SECURITY_MANAGE: Permission = Permission::known("security.manage");
/// Operators only: look at what is the installation's about a tenant.
pub const PLATFORM_READ: Permission = Permission::known("platform.read");
/// Operators only: decide what is the installation's about a tenant, such as its limits.
pub const PLATFORM_MANAGE: Permission = Permission::known("platform.manage");

/// All that a member may hold, for the role matrix.
pub const ALL: [Permission; 14] = [
    TENANT_READ,
    TENANT_UPDATE,
    TENANT_DELETE,
    MEMBERS_READ,
    MEMBERS_INVITE,
    MEMBERS_MANAGE,
    MEMBERS_MANAGE_BASIC,
    ROLES_MANAGE,
    OWNERSHIP_TRANSFER,
    DOMAINS_READ,
    DOMAINS_MANAGE,
    SETTINGS_READ,
    SETTINGS_MANAGE,
    SECURITY_MANAGE,
];
