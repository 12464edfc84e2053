//! Ports: one unit that reaches every domain.

use tenantry_activity::store::ActivityUnit;
use tenantry_billing::store::BillingUnit;
use tenantry_identity::store::{IdentityUnit, PersonUnit};
use tenantry_kernel::{StoreError, TenantScope, UserId, async_trait};
use tenantry_quotas::store::QuotaUnit;
use tenantry_tenancy::store::TenancyUnit;

/// One transaction over one tenant's rows of every domain, and over one person's platform rows.
pub trait LifecycleUnit: TenancyUnit + IdentityUnit + PersonUnit + BillingUnit + QuotaUnit + ActivityUnit {
    /// The same unit, as billing sees it.
    fn as_billing(&mut self) -> &mut dyn BillingUnit;
}

impl<U: TenancyUnit + IdentityUnit + PersonUnit + BillingUnit + QuotaUnit + ActivityUnit> LifecycleUnit for U {
    fn as_billing(&mut self) -> &mut dyn BillingUnit {
        self
    }
}

/// Opens units that span domains.
#[async_trait]
pub trait LifecycleStore: Send + Sync {
    /// Begins a unit bound to the tenant in `scope`, and to `person`'s platform rows when there is one.
    async fn begin_spanning(
        &self,
        scope: &TenantScope,
        person: Option<UserId>,
    ) -> Result<Box<dyn LifecycleUnit>, StoreError>;

    /// Begins a unit bound to the tenant in `scope` that may also add (and neither read nor change) what `people`
    /// consist of: themselves, their one-time tokens.
    async fn begin_adding(&self, scope: &TenantScope, people: &[UserId]) -> Result<Box<dyn LifecycleUnit>, StoreError>;

    /// Begins a unit bound to the tenant in `scope` that only reads.
    async fn read_spanning(&self, scope: &TenantScope) -> Result<Box<dyn LifecycleUnit>, StoreError>;
}
