//! What a principal may do with quotas and usage.

use tenantry_kernel::Permission;

/// Sees all usage of the tenant, with its log.
pub const READ_USAGE: Permission = Permission::known("usage.read");
/// Sees how much of each meter is used.
pub const READ_BASIC_USAGE: Permission = Permission::known("usage.read_basic");
/// Uses the product: reports and checks usage.
pub const CONSUME_USAGE: Permission = Permission::known("usage.consume");
