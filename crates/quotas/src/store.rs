//! The way to one tenant's quota data.

use tenantry_kernel::{StoreError, TenantScope, Transaction, async_trait};

use crate::alert::AlertRepository;
use crate::closing::ClosingRepository;
use crate::entitlement::EntitlementRepository;
use crate::gauge::GaugeRepository;
use crate::insight::InsightRepository;
use crate::ledger::UsageRepository;
use crate::reservation::ReservationRepository;

/// One transaction over one tenant's quota data.
pub trait QuotaUnit: Transaction {
    /// What the tenant is entitled to.
    fn entitlements(&mut self) -> &mut dyn EntitlementRepository;
    /// The gauges that change with other data.
    fn gauges(&mut self) -> &mut dyn GaugeRepository;
    /// Accounts and ledger.
    fn usage(&mut self) -> &mut dyn UsageRepository;
    /// Reservations.
    fn reservations(&mut self) -> &mut dyn ReservationRepository;
    /// What was used over time.
    fn insights(&mut self) -> &mut dyn InsightRepository;
    /// Periods closed for billing.
    fn closings(&mut self) -> &mut dyn ClosingRepository;
    /// Thresholds that were reached and not told yet.
    fn quota_alerts(&mut self) -> &mut dyn AlertRepository;
}

/// Opens units.
#[async_trait]
pub trait QuotaStore: Send + Sync {
    /// Begins a unit bound to the tenant in `scope`.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError>;

    /// Begins a unit that only reads.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError>;
}
