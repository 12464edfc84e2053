//! The permissions of this domain.

use tenantry_kernel::Permission;

/// See what the installation keeps for itself, such as platform keys.
pub const PLATFORM_READ: Permission = Permission::known("platform.read");
/// Change it.
pub const PLATFORM_MANAGE: Permission = Permission::known("platform.manage");
/// See the tenant's API keys, never their secrets.
pub const API_KEYS_READ: Permission = Permission::known("api_keys.read");
/// Create, rotate and revoke API keys.
pub const API_KEYS_MANAGE: Permission = Permission::known("api_keys.manage");
/// See the tenant's service accounts, never their secrets.
pub const SERVICE_ACCOUNTS_READ: Permission = Permission::known("service_accounts.read");
/// Create, change and remove service accounts, and their secrets.
pub const SERVICE_ACCOUNTS_MANAGE: Permission = Permission::known("service_accounts.manage");
/// Ask what a token of the tenant is good for (RFC 7662).
pub const TOKENS_INTROSPECT: Permission = Permission::known("tokens.introspect");
/// Ask whether a key of the tenant is valid, as a gateway does.
pub const API_KEYS_VERIFY: Permission = Permission::known("api_keys.verify");
