//! What lifecycle's ports promise.

pub mod adding;
pub mod catalog;
pub mod operators;
pub mod personal;
pub mod spanning;

use tenantry_lifecycle::catalog::PlanArchive;
use tenantry_lifecycle::operators::OperatorDirectory;
use tenantry_lifecycle::store::LifecycleStore;

use crate::activity::ActivityHarness;
use crate::billing::BillingHarness;
use crate::identity::IdentityHarness;
use crate::quotas::QuotaHarness;

/// How to reach lifecycle's ports.
pub trait LifecycleHarness: BillingHarness + IdentityHarness + QuotaHarness + ActivityHarness {
    /// Opens units that span domains.
    fn lifecycle(&self) -> &dyn LifecycleStore;
    /// Keeps published plans.
    fn archive(&self) -> &dyn PlanArchive;
    /// Looks across tenants.
    fn operators(&self) -> &dyn OperatorDirectory;
}
