//! What may be allowed around the record of what happened.

use tenantry_kernel::Permission;

/// Read the audit log.
pub const AUDIT_READ: Permission = Permission::known("audit.read");
/// See webhook endpoints and their deliveries.
pub const WEBHOOKS_READ: Permission = Permission::known("webhooks.read");
/// Define webhook endpoints.
pub const WEBHOOKS_MANAGE: Permission = Permission::known("webhooks.manage");

/// All of them, for the role matrix.
pub const ALL: [Permission; 3] = [AUDIT_READ, WEBHOOKS_READ, WEBHOOKS_MANAGE];
