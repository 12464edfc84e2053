//! Accounts and ledger of the unit's tenant, for reading.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Page, PageRequest, StoreError, TenantId, async_trait};
use tenantry_quotas::account::{AccountKey, TenantAccount};
use tenantry_quotas::alert::Alert;
use tenantry_quotas::ledger::{Amount, EntryFilter, LedgerEntry, OperationId, UsageEntryId, UsageRepository};

use super::accounts;
use crate::entity::{quota_account, quota_alert, usage_ledger};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl UsageRepository for SeaOrmUnit {
    async fn posted(&mut self, keys: &[AccountKey]) -> Result<Vec<i64>, StoreError> {
        let rows = self
            .rows::<quota_account::Entity>()
            .filter(accounts::around(keys.iter()))
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let mut held = BTreeMap::new();
        for row in rows {
            held.insert(accounts::restore(&row)?.key, row.posted);
        }
        Ok(keys.iter().map(|key| held.get(key).copied().unwrap_or(0)).collect())
    }

    async fn counted_between(
        &mut self,
        meter: &Code,
        from: OffsetDateTime,
        to: OffsetDateTime,
    ) -> Result<i64, StoreError> {
        // PostgreSQL adds up `bigint`s to a `numeric`.
        let sum = Expr::col(usage_ledger::Column::Amount).sum().cast_as("bigint");
        let sum: Option<Option<i64>> = self
            .rows::<usage_ledger::Entity>()
            .select_only()
            .expr_as(sum, "sum")
            .filter(usage_ledger::Column::Meter.eq(meter.as_str()))
            .filter(usage_ledger::Column::Live.eq(true))
            .filter(usage_ledger::Column::CountedAt.gte(Micros::from(from)))
            .filter(usage_ledger::Column::CountedAt.lt(Micros::from(to)))
            .into_tuple()
            .one(self.txn())
            .await
            .map_err(store_error)?;
        Ok(sum.flatten().unwrap_or(0))
    }

    async fn list_alerts(&mut self, account: &AccountKey) -> Result<Vec<Alert>, StoreError> {
        let rows = self
            .rows::<quota_alert::Entity>()
            .filter(quota_alert::Column::Meter.eq(account.meter.as_str()))
            .filter(quota_alert::Column::Live.eq(account.live))
            .filter(quota_alert::Column::Period.eq(account.period.as_str()))
            .filter(quota_alert::Column::PeriodStart.eq(Micros::from(account.period_start)))
            .order_by_asc(quota_alert::Column::ThresholdPercent)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(|row| restore_alert(row, account)).collect()
    }

    async fn list_entries(&mut self, filter: &EntryFilter, page: PageRequest) -> Result<Page<LedgerEntry>, StoreError> {
        let mut found = self.rows::<usage_ledger::Entity>();
        if let Some(meter) = &filter.meter {
            found = found.filter(usage_ledger::Column::Meter.eq(meter.as_str()));
        }
        if let Some(after) = page.after() {
            found = found.filter(usage_ledger::Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(usage_ledger::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let entries = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(entries, page, |entry| entry.id.as_uuid()))
    }
}

fn restore_alert(row: quota_alert::Model, account: &AccountKey) -> Result<Alert, StoreError> {
    let tenant = row.tenant_id;
    let account = TenantAccount {
        tenant: TenantId::from_uuid(tenant),
        key: account.clone(),
    };
    Ok(Alert {
        account,
        threshold_percent: u8::try_from(row.threshold_percent).map_err(corrupt("quota_alert", tenant))?,
        limit: row.limit_value,
        used: row.used,
        at: OffsetDateTime::try_from(row.reached_at).map_err(corrupt("quota_alert", tenant))?,
    })
}

/// Also for the engine.
pub(super) fn restore(row: usage_ledger::Model) -> Result<LedgerEntry, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("usage_ledger", id));
    let account = accounts::key(&row.meter, row.live, &row.period, row.period_start);
    let digest: Result<[u8; 32], _> = row.digest.as_slice().try_into();
    Ok(LedgerEntry {
        id: UsageEntryId::from_uuid(id),
        operation: OperationId::try_from(row.operation).map_err(corrupt("usage_ledger", id))?,
        digest: digest.map_err(corrupt("usage_ledger", id))?,
        account: account.map_err(corrupt("usage_ledger", id))?,
        amount: Amount::try_from(row.amount).map_err(corrupt("usage_ledger", id))?,
        used_after: row.used_after,
        limit: row.limit_value,
        resets_at: row.resets_at.map(time).transpose()?,
        description: row.description,
        subject: row.subject,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        at: time(row.counted_at)?,
    })
}
