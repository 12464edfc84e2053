//! The engine's transaction, over the accounts of many tenants.
//!
//! On PostgreSQL it takes the role `tenantry_quota`, whose policies reach quota tables and nothing else.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::{StoreError, TenantId, Transaction, async_trait};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::alert::Alert;
use tenantry_quotas::engine::{BatchWrites, LedgerBatch, LedgerStore, OperationRef, Posting};
use tenantry_quotas::ledger::LedgerEntry;

use super::{accounts, usage};
use crate::entity::{quota_account, quota_alert, usage_ledger};
use crate::error::store_error;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Pin, SeaOrmUnit};

/// How many entries one statement writes: every length is a statement of its own to prepare.
const ROWS_AT_ONCE: usize = 64;

/// A unit that the ports of requests cannot be reached from.
struct SeaOrmBatch(SeaOrmUnit);

#[async_trait]
impl LedgerStore for SeaOrmStore {
    async fn begin_batch(&self) -> Result<Box<dyn LedgerBatch>, StoreError> {
        let unit = self.open(Pin::quota(), Author::Nobody).await?;
        Ok(Box::new(SeaOrmBatch(unit)))
    }
}

#[async_trait]
impl LedgerBatch for SeaOrmBatch {
    async fn lock(&mut self, wanted: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, i64>, StoreError> {
        let mut held = self.lock_existing(wanted).await?;
        let missing: Vec<_> = wanted.iter().filter(|account| !held.contains_key(account)).collect();
        if !missing.is_empty() {
            let nothing = Posting {
                posted: 0,
                within: None,
            };
            let rows = missing.iter().map(|account| account_row(account, nothing));
            let mut clash = OnConflict::columns(accounts::name_columns());
            clash.do_nothing();
            let made = self.0.put_every(rows.collect::<Vec<_>>(), clash).await?;
            // Another node made one at the same moment. Waiting for it now, out of order, could wait for ever.
            if made < missing.len() as u64 {
                return Err(StoreError::Contended);
            }
        }
        held.retain(|account, _| wanted.contains(account));
        held.extend(missing.into_iter().map(|account| (account.clone(), 0)));
        Ok(held)
    }

    async fn known(&mut self, operations: &[OperationRef]) -> Result<BTreeMap<OperationRef, LedgerEntry>, StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<&str>> = BTreeMap::new();
        for one in operations {
            by_tenant.entry(one.tenant).or_default().push(one.operation.as_str());
        }
        let mut any = Condition::any();
        for (tenant, names) in by_tenant {
            let of_tenant = Condition::all()
                .add(usage_ledger::Column::TenantId.eq(tenant.as_uuid()))
                .add(usage_ledger::Column::Operation.is_in(padded(names)));
            any = any.add(of_tenant);
        }
        let found = self.0.every::<usage_ledger::Entity>().filter(any);
        let rows = found.all(self.0.txn()).await.map_err(store_error)?;
        rows.into_iter()
            .map(|row| {
                let tenant = TenantId::from_uuid(row.tenant_id);
                let entry = usage::restore(row)?;
                let operation = entry.operation.clone();
                Ok((OperationRef { tenant, operation }, entry))
            })
            .collect()
    }

    async fn write(&mut self, writes: &BatchWrites) -> Result<(), StoreError> {
        let mut entries: Vec<_> = writes.entries.iter().collect();
        // Two nodes that count the same operations claim their names in the same order.
        entries.sort_by(|(one, a), (other, b)| (one, &a.operation).cmp(&(other, &b.operation)));
        let mut counted_before = OnConflict::columns([usage_ledger::Column::TenantId, usage_ledger::Column::Operation]);
        counted_before.do_nothing();
        for some in entries.chunks(ROWS_AT_ONCE) {
            let rows: Vec<_> = some.iter().map(|(tenant, entry)| entry_row(*tenant, entry)).collect();
            if self.0.put_every(rows, counted_before.clone()).await? < some.len() as u64 {
                return Err(StoreError::Contended);
            }
        }

        let rows = writes
            .accounts
            .iter()
            .map(|(account, posting)| account_row(account, *posting));
        let mut replaced = OnConflict::columns(accounts::name_columns());
        replaced.update_columns([quota_account::Column::Posted, quota_account::Column::WithinLimit]);
        self.0.put_every(rows.collect::<Vec<_>>(), replaced).await?;

        let mut told_before = OnConflict::columns(alert_name_columns());
        told_before.do_nothing();
        self.0
            .put_every(writes.alerts.iter().map(alert_row).collect::<Vec<_>>(), told_before)
            .await?;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        // Usage is in its own ledger; it is no event of the audit log.
        Box::new(self.0).commit(Vec::new()).await
    }
}

impl SeaOrmBatch {
    async fn lock_existing(&self, wanted: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, i64>, StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<&TenantAccount>> = BTreeMap::new();
        for account in wanted {
            by_tenant.entry(account.tenant).or_default().push(account);
        }
        let mut any = Condition::any();
        for (tenant, of_tenant) in by_tenant {
            let around = accounts::around(of_tenant.into_iter().map(|account| &account.key));
            any = any.add(around.add(quota_account::Column::TenantId.eq(tenant.as_uuid())));
        }
        let mut found = self.0.every::<quota_account::Entity>().filter(any);
        for column in accounts::name_columns() {
            found = found.order_by_asc(column);
        }
        let rows = found.lock_exclusive().all(self.0.txn()).await.map_err(store_error)?;
        rows.iter()
            .map(|row| Ok((accounts::restore(row)?, row.posted)))
            .collect()
    }
}

/// Filled up to a power of two with the last name: a dozen statements to prepare instead of hundreds.
fn padded(mut names: Vec<&str>) -> Vec<&str> {
    if let Some(last) = names.last().copied() {
        names.resize(names.len().next_power_of_two(), last);
    }
    names
}

fn account_row(account: &TenantAccount, posting: Posting) -> quota_account::ActiveModel {
    quota_account::ActiveModel {
        tenant_id: Set(account.tenant.as_uuid()),
        meter: Set(account.key.meter.as_str().to_owned()),
        live: Set(account.key.live),
        period: Set(account.key.period.as_str().to_owned()),
        period_start: Set(account.key.period_start.into()),
        posted: Set(posting.posted),
        within_limit: Set(posting.within),
    }
}

fn entry_row(tenant: TenantId, entry: &LedgerEntry) -> usage_ledger::ActiveModel {
    usage_ledger::ActiveModel {
        tenant_id: Set(tenant.as_uuid()),
        id: Set(entry.id.as_uuid()),
        operation: Set(entry.operation.as_str().to_owned()),
        digest: Set(entry.digest.to_vec()),
        meter: Set(entry.account.meter.as_str().to_owned()),
        live: Set(entry.account.live),
        period: Set(entry.account.period.as_str().to_owned()),
        period_start: Set(entry.account.period_start.into()),
        amount: Set(entry.amount.get()),
        used_after: Set(entry.used_after),
        limit_value: Set(entry.limit),
        resets_at: Set(entry.resets_at.map(Into::into)),
        description: Set(entry.description.clone()),
        subject: Set(entry.subject.clone()),
        actor_kind: Set(entry.actor_kind.clone()),
        actor_id: Set(entry.actor_id.clone()),
        counted_at: Set(entry.at.into()),
    }
}

fn alert_row(alert: &Alert) -> quota_alert::ActiveModel {
    quota_alert::ActiveModel {
        tenant_id: Set(alert.account.tenant.as_uuid()),
        meter: Set(alert.account.key.meter.as_str().to_owned()),
        live: Set(alert.account.key.live),
        period: Set(alert.account.key.period.as_str().to_owned()),
        period_start: Set(alert.account.key.period_start.into()),
        threshold_percent: Set(i64::from(alert.threshold_percent)),
        limit_value: Set(alert.limit),
        used: Set(alert.used),
        reached_at: Set(alert.at.into()),
        told_at: Set(None),
    }
}

fn alert_name_columns() -> [quota_alert::Column; 6] {
    use quota_alert::Column;
    [
        Column::TenantId,
        Column::Meter,
        Column::Live,
        Column::Period,
        Column::PeriodStart,
        Column::ThresholdPercent,
    ]
}
