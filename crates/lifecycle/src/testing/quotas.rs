//! Quotas' repositories in memory. Accounts and ledger are the engine's: here they only tell what was used.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Page, PageRequest, StoreError, async_trait};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::alert::Alert;
use tenantry_quotas::entitlement::{EntitlementRepository, Entitlements, LimitOverride};
use tenantry_quotas::gauge::{Consumption, GaugeRepository};
use tenantry_quotas::ledger::{EntryFilter, LedgerEntry, UsageRepository};
use tenantry_quotas::store::QuotaUnit;

use super::unit::FakeUnit;

impl QuotaUnit for FakeUnit {
    fn entitlements(&mut self) -> &mut dyn EntitlementRepository {
        self
    }

    fn gauges(&mut self) -> &mut dyn GaugeRepository {
        self
    }

    fn usage(&mut self) -> &mut dyn UsageRepository {
        self
    }
}

#[async_trait]
impl EntitlementRepository for FakeUnit {
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError> {
        Ok(self.rows().entitlements.clone())
    }

    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError> {
        let stored = &mut self.rows().entitlements;
        let overrides = stored.take().map(|before| before.overrides).unwrap_or_default();
        *stored = Some(Entitlements {
            overrides,
            ..entitlements.clone()
        });
        Ok(())
    }

    async fn put_override(&mut self, change: &LimitOverride) -> Result<(), StoreError> {
        if let Some(stored) = &mut self.rows().entitlements {
            stored.overrides.retain(|row| row.meter != change.meter);
            stored.overrides.push(change.clone());
        }
        Ok(())
    }

    async fn delete_override(&mut self, meter: &Code) -> Result<bool, StoreError> {
        let Some(stored) = &mut self.rows().entitlements else {
            return Ok(false);
        };
        let before = stored.overrides.len();
        stored.overrides.retain(|row| row.meter != *meter);
        Ok(stored.overrides.len() < before)
    }
}

#[async_trait]
impl GaugeRepository for FakeUnit {
    async fn adjust(&mut self, meter: &Code, delta: i64, limit: Option<i64>) -> Result<Consumption, StoreError> {
        let used = self.rows().gauges.entry(meter.clone()).or_default();
        let wanted = used.saturating_add(delta).max(0);
        if delta > 0 && limit.is_some_and(|limit| wanted > limit) {
            return Ok(Consumption::Exceeded { used: *used });
        }
        *used = wanted;
        Ok(Consumption::Granted { used: wanted })
    }

    async fn used(&mut self, meter: &Code) -> Result<i64, StoreError> {
        Ok(self.rows().gauges.get(meter).copied().unwrap_or(0))
    }
}

#[async_trait]
impl UsageRepository for FakeUnit {
    async fn posted(&mut self, accounts: &[AccountKey]) -> Result<Vec<i64>, StoreError> {
        Ok(vec![0; accounts.len()])
    }

    async fn counted_between(
        &mut self,
        meter: &Code,
        from: OffsetDateTime,
        to: OffsetDateTime,
    ) -> Result<i64, StoreError> {
        let within = |(code, at, _): &&(Code, OffsetDateTime, i64)| code == meter && (from..to).contains(at);
        Ok(self
            .rows()
            .usage
            .iter()
            .filter(within)
            .map(|(_, _, amount)| amount)
            .sum())
    }

    async fn list_alerts(&mut self, _account: &AccountKey) -> Result<Vec<Alert>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_entries(
        &mut self,
        _filter: &EntryFilter,
        _page: PageRequest,
    ) -> Result<Page<LedgerEntry>, StoreError> {
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    }
}
