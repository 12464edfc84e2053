//! The engine's transaction, over the accounts of many tenants.
//!
//! On PostgreSQL it takes the role `tenantry_quota`, whose policies reach quota tables and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use serde_json::Value as Json;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use tenantry_quotas::account::{Held, TenantAccount};
use tenantry_quotas::alert::Alert;
use tenantry_quotas::engine::{BatchWrites, LedgerBatch, LedgerStore, Locked, OperationRef, Posting};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::reservation::{Hold, Member, Reservation, ReservationRef};

use super::listed::{Columns, Kind, Listed, id};
use super::{accounts, ledger_rows, marks, reckoning, reservations, rollups, usage};
use crate::entity::{quota_account, quota_alert, quota_hold, quota_reservation, usage_ledger, usage_member};
use crate::error::corrupt;
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Marks, Pin, SeaOrmUnit};

/// How many rows one statement inserts at most. Below that lengths are powers of two: every length is a statement of
/// its own to prepare.
const ROWS_AT_ONCE: usize = 256;

/// A unit that the ports of requests cannot be reached from.
struct SeaOrmBatch {
    unit: SeaOrmUnit,
    /// True after a statement was refused: PostgreSQL would answer COMMIT with a silent rollback.
    refused: bool,
}

#[async_trait]
impl LedgerStore for SeaOrmStore {
    async fn begin_batch(&self) -> Result<Box<dyn LedgerBatch>, StoreError> {
        let unit = self.open(Pin::quota().with(Marks::Stamps), Author::Nobody).await?;
        Ok(Box::new(SeaOrmBatch { unit, refused: false }))
    }
}

#[async_trait]
impl LedgerBatch for SeaOrmBatch {
    async fn lock(&mut self, limits: &[Limit]) -> Result<BTreeMap<TenantAccount, Locked>, StoreError> {
        let locked = lock(&self.unit, limits).await;
        self.noted(locked)
    }

    async fn held(&mut self, wanted: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, Held>, StoreError> {
        let found = find_accounts(&self.unit, wanted.iter(), false).await;
        let held = |(account, row): (TenantAccount, quota_account::Model)| (account, accounts::held(&row));
        self.noted(found.map(|rows| rows.into_iter().map(held).collect()))
    }

    async fn known(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Vec<LedgerEntry>>, StoreError> {
        let known = known(&self.unit, operations).await;
        self.noted(known)
    }

    async fn reserved(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Reservation>, StoreError> {
        let body = "from w cross join quota_reservation q \
                    where q.tenant_id = w.tenant_id and q.operation = w.operation";
        let found = operations_listed(operations).rows(&self.unit, "w", body).await;
        let restored = found.and_then(|rows: Vec<quota_reservation::Model>| {
            let named = |row: quota_reservation::Model| {
                let tenant = TenantId::from_uuid(row.tenant_id);
                let reservation = reservations::restore(row)?;
                let operation = reservation.operation.clone();
                Ok((OperationRef { tenant, operation }, reservation))
            };
            rows.into_iter().map(named).collect()
        });
        self.noted(restored)
    }

    async fn reservations(
        &mut self,
        wanted: &[ReservationRef],
    ) -> Result<BTreeMap<ReservationRef, Reservation>, StoreError> {
        let body = "from w cross join quota_reservation q where q.tenant_id = w.tenant_id and q.id = w.id";
        let found = reservations_listed(wanted).rows(&self.unit, "w", body).await;
        let restored = found.and_then(|rows: Vec<quota_reservation::Model>| {
            let named = |row: quota_reservation::Model| {
                let tenant = TenantId::from_uuid(row.tenant_id);
                let reservation = reservations::restore(row)?;
                let id = reservation.id;
                Ok((ReservationRef { tenant, id }, reservation))
            };
            rows.into_iter().map(named).collect()
        });
        self.noted(restored)
    }

    async fn holds(
        &mut self,
        reservations: &[ReservationRef],
        accounts: &[TenantAccount],
        now: OffsetDateTime,
    ) -> Result<BTreeSet<Hold>, StoreError> {
        let holds = holds(&self.unit, reservations, accounts, now).await;
        self.noted(holds)
    }

    async fn members(&mut self, wanted: &BTreeSet<Member>) -> Result<BTreeSet<Member>, StoreError> {
        let found = members_listed(wanted)
            .rows::<usage_member::Model>(
                &self.unit,
                "w",
                &format!(
                    "from w cross join usage_member q where {} and q.member = w.member",
                    accounts::SAME
                ),
            )
            .await;
        let restored = found.and_then(|rows| {
            let member = |row: usage_member::Model| {
                let key = accounts::key(&row.meter, row.live, &row.subject, &row.period, row.period_start);
                let account = accounts::of_tenant(row.tenant_id, key);
                let account = account.map_err(corrupt("usage_member", row.tenant_id))?;
                Ok((account, row.member.into()))
            };
            rows.into_iter().map(member).collect()
        });
        self.noted(restored)
    }

    async fn write(&mut self, writes: &BatchWrites) -> Result<(), StoreError> {
        let written = write(&self.unit, writes).await;
        self.noted(written)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.refused {
            return Err(StoreError::Backend("a statement of this batch was refused".into()));
        }
        // Usage is in its own ledger; it is no event of the audit log.
        self.unit.finish().await
    }
}

impl SeaOrmBatch {
    fn noted<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.refused |= outcome.is_err();
        outcome
    }
}

async fn lock(unit: &SeaOrmUnit, limits: &[Limit]) -> Result<BTreeMap<TenantAccount, Locked>, StoreError> {
    let wanted = limits.iter().map(|limit| &limit.account);
    let known = find_accounts(unit, wanted, true).await?;
    let mut locked: BTreeMap<TenantAccount, Locked> = known
        .iter()
        .map(|(account, row)| {
            let held = accounts::held(row);
            (account.clone(), Locked { held, opened: false })
        })
        .collect();
    let mut stale = reckoning::stale(limits, &known);
    if stale.is_empty() {
        return Ok(locked);
    }
    // Two nodes that make the same accounts make them in the same order.
    stale.sort_by(|a, b| a.account.cmp(&b.account));
    let reckoned = reckoning::reckon(unit, &stale, &known).await?;
    let settled = |kept: bool| {
        let rows = stale.iter().zip(&reckoned);
        let rows = rows.filter(|(limit, _)| known.contains_key(&limit.account) == kept);
        let cells = rows.map(|(limit, reckoned)| reckoned_cells(limit, *reckoned));
        Listed::new(&[accounts::COLUMNS, RECKONED], cells)
    };
    let missing = settled(false);
    // Another node made one at the same moment. Waiting for it now, out of order, could wait for ever.
    if missing.execute(unit, "w", OPEN).await? < missing.len() as u64 {
        return Err(StoreError::Contended);
    }
    settled(true).execute(unit, "w", &reopen()).await?;
    reckoning::join_members(unit, &stale).await?;
    for (limit, reckoned) in stale.iter().zip(reckoned) {
        let opened = !known.contains_key(&limit.account);
        let account = locked.entry(limit.account.clone()).or_insert(Locked {
            held: Held::default(),
            opened,
        });
        account.held.posted = reckoned.posted;
    }
    Ok(locked)
}

const RECKONED: &Columns = &[
    ("posted", Kind::Int),
    ("revision", Kind::Int),
    ("aggregation", Kind::Text),
    ("resets_at", Kind::Int),
    ("settled_until", Kind::Int),
];

const OPEN: &str = "insert into quota_account (tenant_id, meter, live, subject, period, period_start, posted, pending, \
     granted, revision, aggregation, resets_at, settled_until) \
     select w.tenant_id, w.meter, w.live, w.subject, w.period, w.period_start, w.posted, 0, 0, w.revision, \
     w.aggregation, w.resets_at, w.settled_until from w where true on conflict do nothing";

/// What bounds the account is written with the next operation.
fn reopen() -> String {
    format!(
        "update quota_account as q set posted = w.posted, within_limit = null, revision = w.revision, \
         aggregation = w.aggregation, resets_at = w.resets_at, settled_until = w.settled_until from w where {}",
        accounts::SAME
    )
}

fn reckoned_cells(limit: &Limit, reckoned: reckoning::Reckoned) -> Vec<Json> {
    let mut cells = accounts::cells(&limit.account);
    cells.extend([
        Json::from(reckoned.posted),
        Json::from(limit.revision),
        Json::from(limit.aggregation.as_str()),
        Json::from(limit.resets_at.map(|end| Micros::from(end).0)),
        Json::from(reckoned.settled_until.0),
    ]);
    cells
}

/// Those of these accounts that exist; locked in the order of their names, if they are to be.
pub(super) async fn find_accounts<'a>(
    unit: &SeaOrmUnit,
    wanted: impl Iterator<Item = &'a TenantAccount>,
    lock: bool,
) -> Result<BTreeMap<TenantAccount, quota_account::Model>, StoreError> {
    let listed = Listed::new(&[accounts::COLUMNS], wanted.map(accounts::cells));
    let locking = if lock && unit.is_postgres() {
        " order by q.tenant_id, q.meter, q.live, q.subject, q.period, q.period_start for update of q"
    } else {
        ""
    };
    let body = format!("from w cross join quota_account q where {}{locking}", accounts::SAME);
    let rows: Vec<quota_account::Model> = listed.rows(unit, "w", &body).await?;
    rows.into_iter()
        .map(|row| Ok((accounts::restore(&row)?, row)))
        .collect()
}

async fn known(
    unit: &SeaOrmUnit,
    operations: &[OperationRef],
) -> Result<BTreeMap<OperationRef, Vec<LedgerEntry>>, StoreError> {
    let body = "from w cross join usage_ledger q \
                where q.tenant_id = w.tenant_id and q.operation = w.operation";
    let rows: Vec<usage_ledger::Model> = operations_listed(operations).rows(unit, "w", body).await?;
    let mut known: BTreeMap<OperationRef, Vec<LedgerEntry>> = BTreeMap::new();
    for row in rows {
        let tenant = TenantId::from_uuid(row.tenant_id);
        let entry = usage::restore(row)?;
        let operation = entry.operation.clone();
        known.entry(OperationRef { tenant, operation }).or_default().push(entry);
    }
    for entries in known.values_mut() {
        entries.sort_by_key(|entry| entry.line);
    }
    Ok(known)
}

async fn holds(
    unit: &SeaOrmUnit,
    reservations: &[ReservationRef],
    accounts: &[TenantAccount],
    now: OffsetDateTime,
) -> Result<BTreeSet<Hold>, StoreError> {
    const UNTIL: &Columns = &[("until", Kind::Int)];
    let of_reservations = "from w cross join quota_hold q \
                           where q.reserved_by = w.tenant_id and q.reservation_id = w.id";
    let mut rows: Vec<quota_hold::Model> = reservations_listed(reservations)
        .rows(unit, "w", of_reservations)
        .await?;
    let on_accounts = accounts.iter().map(|account| {
        let mut cells = accounts::cells(account);
        cells.push(Json::from(Micros::from(now).0));
        cells
    });
    let expired = format!(
        "from w cross join quota_hold q where {} and q.expires_at <= w.until",
        accounts::SAME
    );
    let listed = Listed::new(&[accounts::COLUMNS, UNTIL], on_accounts);
    rows.extend(listed.rows::<quota_hold::Model>(unit, "w", &expired).await?);
    rows.into_iter().map(reservations::restore_hold).collect()
}

async fn write(unit: &SeaOrmUnit, writes: &BatchWrites) -> Result<(), StoreError> {
    write_entries(unit, &writes.entries).await?;
    write_accounts(unit, &writes.accounts).await?;
    if !writes.members.is_empty() {
        let joined = "insert into usage_member (tenant_id, meter, live, subject, period, period_start, member) \
                      select w.tenant_id, w.meter, w.live, w.subject, w.period, w.period_start, w.member \
                      from w where true on conflict do nothing";
        members_listed(&writes.members).execute(unit, "w", joined).await?;
    }
    if !writes.alerts.is_empty() {
        let mut told_before = OnConflict::columns(ALERT_KEY);
        told_before.do_nothing();
        for some in powers(&writes.alerts) {
            let rows = some.iter().map(alert_row).collect();
            unit.put_every::<quota_alert::ActiveModel>(rows, told_before.clone())
                .await?;
        }
    }
    reservations::insert(unit, &writes.reservations).await?;
    reservations::end(unit, &writes.ended).await?;
    reservations::free(unit, &writes.freed).await?;
    rollups::add(unit, &writes.rollups).await
}

async fn write_entries(unit: &SeaOrmUnit, entries: &[(TenantId, LedgerEntry)]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mark = marks::stamp(unit).await?;
    let mut entries: Vec<_> = entries.iter().collect();
    // Two nodes that count the same operations claim their names in the same order.
    entries.sort_by(|(one, a), (other, b)| (one, &a.operation, a.line).cmp(&(other, &b.operation, b.line)));
    for some in powers(&entries) {
        if ledger_rows::insert(unit, some, mark).await? < some.len() as u64 {
            return Err(StoreError::Contended);
        }
    }
    Ok(())
}

async fn write_accounts(unit: &SeaOrmUnit, postings: &BTreeMap<TenantAccount, Posting>) -> Result<(), StoreError> {
    const POSTED: &Columns = &[
        ("posted", Kind::Int),
        ("pending", Kind::Int),
        ("granted", Kind::Int),
        ("within_limit", Kind::Int),
    ];
    let rows = postings.iter().map(|(account, posting)| {
        let Posting { held, within } = posting;
        let mut cells = accounts::cells(account);
        cells.extend([held.posted, held.pending, held.granted].map(Json::from));
        cells.push(Json::from(*within));
        cells
    });
    let listed = Listed::new(&[accounts::COLUMNS, POSTED], rows);
    let body = format!(
        "update quota_account as q set posted = w.posted, pending = w.pending, granted = w.granted, \
         within_limit = w.within_limit from w where {}",
        accounts::SAME
    );
    if listed.execute(unit, "w", &body).await? < listed.len() as u64 {
        return Err(StoreError::Backend("an account was written that was not locked".into()));
    }
    Ok(())
}

/// Parts as long as powers of two.
pub(super) fn powers<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let longest = 1 << rest.len().ilog2();
        let (part, more) = rest.split_at(longest.min(ROWS_AT_ONCE));
        rest = more;
        Some(part)
    })
}

fn operations_listed(operations: &[OperationRef]) -> Listed {
    const COLUMNS: &Columns = &[("tenant_id", Kind::Id), ("operation", Kind::Text)];
    let row = |one: &OperationRef| vec![id(one.tenant.as_uuid()), Json::from(one.operation.as_str())];
    Listed::new(&[COLUMNS], operations.iter().map(row))
}

fn reservations_listed(wanted: &[ReservationRef]) -> Listed {
    const COLUMNS: &Columns = &[("tenant_id", Kind::Id), ("id", Kind::Id)];
    let row = |one: &ReservationRef| vec![id(one.tenant.as_uuid()), id(one.id.as_uuid())];
    Listed::new(&[COLUMNS], wanted.iter().map(row))
}

fn members_listed(members: &BTreeSet<Member>) -> Listed {
    const COLUMNS: &Columns = &[("member", Kind::Text)];
    let rows = members.iter().map(|(account, member)| {
        let mut cells = accounts::cells(account);
        cells.push(Json::from(member.as_ref()));
        cells
    });
    Listed::new(&[accounts::COLUMNS, COLUMNS], rows)
}

fn alert_row(alert: &Alert) -> quota_alert::ActiveModel {
    quota_alert::ActiveModel {
        tenant_id: Set(alert.account.tenant.as_uuid()),
        meter: Set(alert.account.key.meter.as_str().to_owned()),
        live: Set(alert.account.key.live),
        subject: Set(alert.account.key.subject.to_string()),
        period: Set(alert.account.key.period.as_str().to_owned()),
        period_start: Set(alert.account.key.period_start.into()),
        threshold_percent: Set(i64::from(alert.threshold_percent)),
        limit_value: Set(alert.limit),
        used: Set(alert.used),
        reached_at: Set(alert.at.into()),
        told_at: Set(None),
    }
}

const ALERT_KEY: [quota_alert::Column; 7] = [
    quota_alert::Column::TenantId,
    quota_alert::Column::Meter,
    quota_alert::Column::Live,
    quota_alert::Column::Subject,
    quota_alert::Column::Period,
    quota_alert::Column::PeriodStart,
    quota_alert::Column::ThresholdPercent,
];
