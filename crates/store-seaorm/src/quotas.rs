//! Quotas' ports over the database.

mod accounts;
mod alerts;
mod bookkeeper;
mod closings;
mod entitlements;
mod gauges;
mod ledger_batch;
mod ledger_rows;
mod listed;
mod marks;
mod reckoning;
mod reservations;
mod rollups;
mod standing;
mod usage;

use tenantry_kernel::{StoreError, TenantScope, async_trait};
use tenantry_quotas::alert::AlertRepository;
use tenantry_quotas::closing::ClosingRepository;
use tenantry_quotas::entitlement::EntitlementRepository;
use tenantry_quotas::gauge::GaugeRepository;
use tenantry_quotas::insight::InsightRepository;
use tenantry_quotas::ledger::UsageRepository;
use tenantry_quotas::reservation::ReservationRepository;
use tenantry_quotas::store::{QuotaStore, QuotaUnit};

use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl QuotaStore for SeaOrmStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        Ok(Box::new(self.unit_for(scope).await?))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}

impl QuotaUnit for SeaOrmUnit {
    fn entitlements(&mut self) -> &mut dyn EntitlementRepository {
        self
    }

    fn gauges(&mut self) -> &mut dyn GaugeRepository {
        self
    }

    fn usage(&mut self) -> &mut dyn UsageRepository {
        self
    }

    fn reservations(&mut self) -> &mut dyn ReservationRepository {
        self
    }

    fn insights(&mut self) -> &mut dyn InsightRepository {
        self
    }

    fn closings(&mut self) -> &mut dyn ClosingRepository {
        self
    }

    fn quota_alerts(&mut self) -> &mut dyn AlertRepository {
        self
    }
}
