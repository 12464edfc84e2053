//! What may be allowed in billing.

use tenantry_kernel::Permission;

/// See the plan, the subscription, the payment methods and what they cost.
pub const BILLING_READ: Permission = Permission::known("billing.read");
/// Change the plan, cancel, pay, and manage payment methods.
pub const BILLING_MANAGE: Permission = Permission::known("billing.manage");
/// See invoices.
pub const INVOICES_READ: Permission = Permission::known("invoices.read");
/// Operators only: waive what a tenant owes.
pub const PLATFORM_MANAGE: Permission = Permission::known("platform.manage");
