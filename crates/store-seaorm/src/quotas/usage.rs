//! Accounts and ledger of the unit's tenant, for reading.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, StoreError, TenantId, async_trait};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::alert::Alert;
use tenantry_quotas::ledger::{EntryFilter, EntryKind, LedgerEntry, OperationId, UsageEntryId, UsageRepository};

use super::{accounts, alerts};
use crate::entity::{quota_alert, usage_ledger};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

use usage_ledger::{Column, Entity, Model};

#[async_trait]
impl UsageRepository for SeaOrmUnit {
    async fn list_alerts(&mut self, account: &AccountKey) -> Result<Vec<Alert>, StoreError> {
        let rows = self
            .rows::<quota_alert::Entity>()
            .filter(accounts::alerts_of(account))
            .order_by_asc(quota_alert::Column::ThresholdPercent)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(alerts::restore).collect()
    }

    async fn list_entries(&mut self, filter: &EntryFilter, page: PageRequest) -> Result<Page<LedgerEntry>, StoreError> {
        let mut found = filtered(self.rows::<Entity>(), filter);
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let entries = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(entries, page, |entry| entry.id.as_uuid()))
    }

    async fn find_operation(&mut self, operation: &OperationId) -> Result<Vec<LedgerEntry>, StoreError> {
        let rows = self
            .rows::<Entity>()
            .filter(Column::Operation.eq(operation.as_str()))
            .order_by_asc(Column::Line)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }
}

fn filtered(mut found: Select<Entity>, filter: &EntryFilter) -> Select<Entity> {
    let EntryFilter {
        meter,
        from,
        to,
        actor,
        subject,
        kind,
    } = filter;
    if let Some(meter) = meter {
        found = found.filter(Column::Meter.eq(meter.as_str()));
    }
    if let Some(from) = from {
        found = found.filter(Column::EventAt.gte(Micros::from(*from)));
    }
    if let Some(to) = to {
        found = found.filter(Column::EventAt.lt(Micros::from(*to)));
    }
    if let Some(actor) = actor {
        found = found.filter(Column::ActorId.eq(actor.as_str()));
    }
    if let Some(subject) = subject {
        found = found.filter(Column::Subject.eq(subject.as_str()));
    }
    if let Some(kind) = kind {
        found = found.filter(Column::Kind.eq(kind.as_str()));
    }
    found
}

/// Also for the engine.
pub(super) fn restore(row: Model) -> Result<LedgerEntry, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("usage_ledger", id));
    // The account that answers show is always the tenant's own.
    let account = accounts::key(&row.meter, row.live, "", &row.period, row.period_start);
    let digest: Result<[u8; 32], _> = row.digest.as_slice().try_into();
    Ok(LedgerEntry {
        id: UsageEntryId::from_uuid(id),
        operation: OperationId::restore(row.operation).map_err(corrupt("usage_ledger", id))?,
        line: u16::try_from(row.line).map_err(corrupt("usage_ledger", id))?,
        kind: EntryKind::parse(&row.kind)
            .ok_or("unknown kind")
            .map_err(corrupt("usage_ledger", id))?,
        digest: digest.map_err(corrupt("usage_ledger", id))?,
        account: account.map_err(corrupt("usage_ledger", id))?,
        amount: row.amount,
        value: row.value,
        member: row.member,
        used_after: row.used_after,
        limit: row.limit_value,
        resets_at: row.resets_at.map(time).transpose()?,
        description: row.description,
        subject: row.subject,
        user: row.used_by,
        pool: row.pool_id.map(TenantId::from_uuid),
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        at: time(row.event_at)?,
        recorded_at: time(row.recorded_at)?,
    })
}
