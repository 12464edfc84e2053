//! Reservations and what they hold: read by their tenant, written by the engine, found by the worker when time is up.

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Page, PageRequest, StoreError, TenantId, async_trait};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::User;
use tenantry_quotas::reservation::{
    ExpiredReservations, Hold, Reservation, ReservationId, ReservationRef, ReservationRepository, ReservationStatus,
    ReservedItem,
};
use uuid::Uuid;

use super::accounts;
use super::ledger_batch::powers;
use super::listed::{Columns, Kind, Listed, id};
use crate::billing::columns::literal;
use crate::entity::{quota_hold, quota_reservation};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

use quota_reservation::{Column, Entity, Model};

#[async_trait]
impl ReservationRepository for SeaOrmUnit {
    async fn find(&mut self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        let row = self.row::<Entity>(id.as_uuid()).one(self.txn()).await;
        row.map_err(store_error)?.map(restore).transpose()
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<Reservation>, StoreError> {
        let mut found = self.rows::<Entity>();
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let reservations = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(reservations, page, |one| one.id.as_uuid()))
    }
}

#[async_trait]
impl ExpiredReservations for SeaOrmStore {
    async fn expired(&self, now: OffsetDateTime, limit: u32) -> Result<Vec<ReservationRef>, StoreError> {
        let unit = self.worker_look_up().await?;
        let rows: Vec<(Uuid, Uuid)> = unit
            .every::<Entity>()
            .select_only()
            .columns([Column::TenantId, Column::Id])
            .filter(Expr::col(Column::Status).eq(literal(ReservationStatus::Held.as_str())))
            .filter(Column::ExpiresAt.lte(Micros::from(now)))
            .order_by_asc(Column::ExpiresAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let reference = |(tenant, id)| ReservationRef {
            tenant: TenantId::from_uuid(tenant),
            id: ReservationId::from_uuid(id),
        };
        Ok(rows.into_iter().map(reference).collect())
    }
}

/// Makes reservations and what they hold.
pub(super) async fn insert(unit: &SeaOrmUnit, made: &[(TenantId, Reservation)]) -> Result<(), StoreError> {
    let mut made: Vec<_> = made.iter().collect();
    made.sort_by(|(one, a), (other, b)| (one, &a.operation).cmp(&(other, &b.operation)));
    let mut made_before = OnConflict::columns([Column::TenantId, Column::Operation]);
    made_before.do_nothing();
    for some in powers(&made) {
        let rows = some.iter().map(|(tenant, reservation)| to_row(*tenant, reservation));
        let written = unit.put_every(rows.collect(), made_before.clone()).await?;
        if written < some.len() as u64 {
            return Err(StoreError::Contended);
        }
    }
    let holds: BTreeSet<Hold> = made
        .iter()
        .flat_map(|(tenant, reservation)| holds_of(*tenant, reservation))
        .collect();
    let body = "insert into quota_hold (tenant_id, meter, live, subject, period, period_start, expires_at, reserved_by, \
                reservation_id, item, amount) \
                select w.tenant_id, w.meter, w.live, w.subject, w.period, w.period_start, w.expires_at, w.reserved_by, \
                w.reservation_id, w.item, w.amount from w";
    listed(&holds).execute(unit, "w", body).await?;
    Ok(())
}

/// Writes down how reservations ended.
pub(super) async fn end(unit: &SeaOrmUnit, ended: &[(TenantId, Reservation)]) -> Result<(), StoreError> {
    const COLUMNS: &Columns = &[
        ("tenant_id", Kind::Id),
        ("id", Kind::Id),
        ("status", Kind::Text),
        ("ended_at", Kind::Int),
        ("items", Kind::Text),
    ];
    let rows = ended.iter().map(|(tenant, reservation)| {
        vec![
            id(tenant.as_uuid()),
            id(reservation.id.as_uuid()),
            Json::from(reservation.status.as_str()),
            Json::from(reservation.ended_at.map(|at| Micros::from(at).0)),
            Json::from(items_json(&reservation.items)),
        ]
    });
    let body = "update quota_reservation as q set status = w.status, ended_at = w.ended_at, items = w.items \
                from w where q.tenant_id = w.tenant_id and q.id = w.id";
    Listed::new(&[COLUMNS], rows).execute(unit, "w", body).await?;
    Ok(())
}

/// Gives back what was held.
pub(super) async fn free(unit: &SeaOrmUnit, freed: &BTreeSet<Hold>) -> Result<(), StoreError> {
    let body = "delete from quota_hold where (tenant_id, meter, live, subject, period, period_start, expires_at, \
                reserved_by, reservation_id, item) in (select w.tenant_id, w.meter, w.live, w.subject, w.period, \
                w.period_start, w.expires_at, w.reserved_by, w.reservation_id, w.item from w)";
    listed(freed).execute(unit, "w", body).await?;
    Ok(())
}

fn holds_of(tenant: TenantId, reservation: &Reservation) -> impl Iterator<Item = Hold> {
    let reference = ReservationRef {
        tenant,
        id: reservation.id,
    };
    let expires_at = reservation.expires_at;
    let items = reservation.items.iter().enumerate();
    items.flat_map(move |(number, item)| {
        item.accounts.iter().map(move |account| Hold {
            reservation: reference,
            item: number,
            account: account.clone(),
            amount: item.amount,
            expires_at,
        })
    })
}

fn listed(holds: &BTreeSet<Hold>) -> Listed {
    const COLUMNS: &Columns = &[
        ("expires_at", Kind::Int),
        ("reserved_by", Kind::Id),
        ("reservation_id", Kind::Id),
        ("item", Kind::Int),
        ("amount", Kind::Int),
    ];
    let rows = holds.iter().map(|hold| {
        let mut cells = accounts::cells(&hold.account);
        cells.extend([
            Json::from(Micros::from(hold.expires_at).0),
            id(hold.reservation.tenant.as_uuid()),
            id(hold.reservation.id.as_uuid()),
            Json::from(hold.item),
            Json::from(hold.amount),
        ]);
        cells
    });
    Listed::new(&[accounts::COLUMNS, COLUMNS], rows)
}

pub(super) fn restore_hold(row: quota_hold::Model) -> Result<Hold, StoreError> {
    let reservation = row.reservation_id;
    let key = accounts::key(&row.meter, row.live, &row.subject, &row.period, row.period_start);
    let account = accounts::of_tenant(row.tenant_id, key);
    Ok(Hold {
        reservation: ReservationRef {
            tenant: TenantId::from_uuid(row.reserved_by),
            id: ReservationId::from_uuid(reservation),
        },
        item: usize::try_from(row.item).map_err(corrupt("quota_hold", reservation))?,
        account: account.map_err(corrupt("quota_hold", reservation))?,
        amount: row.amount,
        expires_at: OffsetDateTime::try_from(row.expires_at).map_err(corrupt("quota_hold", reservation))?,
    })
}

#[derive(Serialize, Deserialize)]
struct StoredItem {
    meter: String,
    amount: i64,
    user: Option<String>,
    key: Option<Uuid>,
    subject: Option<String>,
    description: Option<String>,
    accounts: Vec<StoredAccount>,
    used: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccount {
    tenant: Uuid,
    meter: String,
    live: bool,
    subject: String,
    period: String,
    period_start: i64,
}

fn items_json(items: &[ReservedItem]) -> String {
    let stored: Vec<StoredItem> = items.iter().map(StoredItem::from).collect();
    // Numbers, texts and lists always have a JSON form.
    serde_json::to_string(&stored).unwrap_or_default()
}

impl From<&ReservedItem> for StoredItem {
    fn from(item: &ReservedItem) -> Self {
        Self {
            meter: item.meter.as_str().to_owned(),
            amount: item.amount,
            user: item.user.name.as_deref().map(str::to_owned),
            key: item.user.key.map(ApiKeyId::as_uuid),
            subject: item.subject.clone(),
            description: item.description.clone(),
            accounts: item.accounts.iter().map(StoredAccount::from).collect(),
            used: item.used,
        }
    }
}

impl From<&TenantAccount> for StoredAccount {
    fn from(account: &TenantAccount) -> Self {
        let TenantAccount { tenant, key } = account;
        Self {
            tenant: tenant.as_uuid(),
            meter: key.meter.as_str().to_owned(),
            live: key.live,
            subject: key.subject.to_string(),
            period: key.period.as_str().to_owned(),
            period_start: Micros::from(key.period_start).0,
        }
    }
}

impl StoredItem {
    fn restore(self) -> Result<ReservedItem, String> {
        let account = |stored: StoredAccount| {
            let StoredAccount {
                tenant,
                meter,
                live,
                subject,
                period,
                period_start,
            } = stored;
            accounts::of_tenant(
                tenant,
                accounts::key(&meter, live, &subject, &period, Micros(period_start)),
            )
        };
        Ok(ReservedItem {
            meter: Code::try_from(self.meter).map_err(|cause| cause.to_string())?,
            amount: self.amount,
            user: User {
                name: self.user.map(Arc::from),
                key: self.key.map(ApiKeyId::from_uuid),
            },
            subject: self.subject,
            description: self.description,
            accounts: self.accounts.into_iter().map(account).collect::<Result<_, _>>()?,
            used: self.used,
        })
    }
}

fn to_row(tenant: TenantId, reservation: &Reservation) -> quota_reservation::ActiveModel {
    quota_reservation::ActiveModel {
        tenant_id: Set(tenant.as_uuid()),
        id: Set(reservation.id.as_uuid()),
        operation: Set(reservation.operation.as_str().to_owned()),
        digest: Set(reservation.digest.to_vec()),
        live: Set(reservation.live),
        items: Set(items_json(&reservation.items)),
        status: Set(reservation.status.as_str().to_owned()),
        created_at: Set(reservation.created_at.into()),
        expires_at: Set(reservation.expires_at.into()),
        ended_at: Set(reservation.ended_at.map(Into::into)),
    }
}

/// Also for the engine.
pub(super) fn restore(row: Model) -> Result<Reservation, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("quota_reservation", id));
    let digest: Result<[u8; 32], _> = row.digest.as_slice().try_into();
    let items: Vec<StoredItem> = serde_json::from_str(&row.items).map_err(corrupt("quota_reservation", id))?;
    let items: Result<Vec<_>, _> = items.into_iter().map(StoredItem::restore).collect();
    Ok(Reservation {
        id: ReservationId::from_uuid(id),
        operation: OperationId::restore(row.operation).map_err(corrupt("quota_reservation", id))?,
        digest: digest.map_err(corrupt("quota_reservation", id))?,
        live: row.live,
        items: items.map_err(corrupt("quota_reservation", id))?,
        status: ReservationStatus::parse(&row.status)
            .ok_or("unknown status")
            .map_err(corrupt("quota_reservation", id))?,
        created_at: time(row.created_at)?,
        expires_at: time(row.expires_at)?,
        ended_at: row.ended_at.map(time).transpose()?,
    })
}
