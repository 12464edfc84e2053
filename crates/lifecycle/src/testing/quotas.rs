//! Quotas' repositories in memory. Accounts and ledger are the engine's: here they only tell what was used.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Page, PageRequest, StoreError, TenantId, async_trait};
use tenantry_quotas::account::{AccountKey, Held, Subject};
use tenantry_quotas::alert::{Alert, AlertRepository};
use tenantry_quotas::closing::{Closing, ClosingRepository, Mark};
use tenantry_quotas::engine::AccountReader;
use tenantry_quotas::entitlement::{EntitlementRepository, Entitlements, LimitOverride};
use tenantry_quotas::gauge::{Consumption, GaugeRepository};
use tenantry_quotas::insight::{Consumer, Dimension, InsightRepository, Point, UsageSpan};
use tenantry_quotas::ledger::{EntryFilter, LedgerEntry, OperationId, UsageRepository};
use tenantry_quotas::limit::Limit;
use tenantry_quotas::reservation::{Reservation, ReservationId, ReservationRepository};
use tenantry_quotas::store::QuotaUnit;

use super::store::{FakeLifecycleStore, give_way};
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

#[async_trait]
impl EntitlementRepository for FakeUnit {
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError> {
        Ok(self.rows().entitlements.clone())
    }

    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError> {
        let stored = &mut self.rows().entitlements;
        let mut next = entitlements.clone();
        if let Some(before) = stored.take() {
            next.revision = before.revision + 1;
            (next.overrides, next.pool, next.zone) = (before.overrides, before.pool, before.zone);
        }
        *stored = Some(next);
        Ok(())
    }

    async fn put_override(&mut self, change: &LimitOverride) -> Result<(), StoreError> {
        if let Some(stored) = &mut self.rows().entitlements {
            stored
                .overrides
                .retain(|row| row.meter != change.meter || row.subject != change.subject);
            stored.overrides.push(change.clone());
        }
        Ok(())
    }

    async fn delete_override(&mut self, meter: &Code, subject: &Subject) -> Result<bool, StoreError> {
        let Some(stored) = &mut self.rows().entitlements else {
            return Ok(false);
        };
        let before = stored.overrides.len();
        stored
            .overrides
            .retain(|row| row.meter != *meter || row.subject != *subject);
        Ok(stored.overrides.len() < before)
    }

    async fn put_pool(&mut self, pool: Option<TenantId>) -> Result<(), StoreError> {
        if let Some(stored) = &mut self.rows().entitlements {
            stored.pool = pool;
        }
        Ok(())
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
    async fn list_alerts(&mut self, _account: &AccountKey) -> Result<Vec<Alert>, StoreError> {
        Ok(Vec::new())
    }

    async fn list_entries(
        &mut self,
        _filter: &EntryFilter,
        _page: PageRequest,
    ) -> Result<Page<LedgerEntry>, StoreError> {
        Ok(nothing())
    }

    async fn find_operation(&mut self, _operation: &OperationId) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ReservationRepository for FakeUnit {
    async fn find(&mut self, _id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        Ok(None)
    }

    async fn list(&mut self, _page: PageRequest) -> Result<Page<Reservation>, StoreError> {
        Ok(nothing())
    }
}

#[async_trait]
impl InsightRepository for FakeUnit {
    async fn quarters(&mut self, _span: &UsageSpan) -> Result<Vec<Point>, StoreError> {
        Ok(Vec::new())
    }

    async fn minutes(&mut self, _span: &UsageSpan) -> Result<Vec<Point>, StoreError> {
        Ok(Vec::new())
    }

    async fn top(&mut self, _span: &UsageSpan, _by: Dimension, _limit: u32) -> Result<Vec<Consumer>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ClosingRepository for FakeUnit {
    async fn close(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        mark: Mark,
        now: OffsetDateTime,
    ) -> Result<Closing, StoreError> {
        let used = self.running(meter, begin, end, Some(mark)).await?;
        Ok(Closing {
            meter: meter.clone(),
            end,
            mark,
            used,
            adjustment: 0,
            carried: 0,
            closed_at: now,
        })
    }

    async fn running(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        _mark: Option<Mark>,
    ) -> Result<i64, StoreError> {
        let within = |(code, at, _): &&(Code, OffsetDateTime, i64)| code == meter && (begin..end).contains(at);
        Ok(self
            .rows()
            .usage
            .iter()
            .filter(within)
            .map(|(_, _, amount)| amount)
            .sum())
    }

    async fn list(&mut self, _meter: Option<Code>, _limit: u32) -> Result<Vec<Closing>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl AlertRepository for FakeUnit {
    async fn untold(&mut self, _limit: u32) -> Result<Vec<Alert>, StoreError> {
        Ok(Vec::new())
    }

    async fn told(&mut self, _alerts: &[Alert], _now: OffsetDateTime) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl AccountReader for FakeLifecycleStore {
    async fn standing(&self, limits: &[Limit]) -> Result<Vec<Held>, StoreError> {
        give_way().await;
        let inner = self.lock();
        let posted = |limit: &Limit| {
            let (tenant, key) = (limit.account.tenant, &limit.account.key);
            let rows = inner.state.tenants.get(&tenant).map_or(&[][..], |rows| &rows.usage);
            let within = |(meter, at, _): &&(Code, OffsetDateTime, i64)| {
                *meter == key.meter && *at >= key.period_start && limit.resets_at.is_none_or(|end| *at < end)
            };
            Held::posted(rows.iter().filter(within).map(|(_, _, amount)| amount).sum())
        };
        Ok(limits.iter().map(posted).collect())
    }
}

fn nothing<T>() -> Page<T> {
    Page {
        items: Vec::new(),
        next: None,
    }
}
