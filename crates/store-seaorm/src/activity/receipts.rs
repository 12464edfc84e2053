//! Receipts of served requests. `journal.rs` writes them.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use tenantry_activity::receipt::{ReceiptStore, StoredReceipt};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use uuid::Uuid;

use crate::entity::idempotency_receipt::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Pin};

#[async_trait]
impl ReceiptStore for SeaOrmStore {
    async fn find(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
    ) -> Result<Option<StoredReceipt>, StoreError> {
        let unit = self.look_up(Some(owner(tenant)), None).await?;
        let found = unit.rows::<Entity>().filter(of(principal, operation, key));
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn save_answer(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
        status: u16,
        answer: Vec<u8>,
    ) -> Result<(), StoreError> {
        let unit = self.open(Pin::app(Some(owner(tenant)), None), Author::Nobody).await?;
        let written = ActiveModel {
            status: Set(Some(i64::from(status))),
            answer: Set(Some(answer)),
            ..ActiveModel::default()
        };
        unit.change::<Entity>()
            .set(written)
            .filter(of(principal, operation, key))
            .filter(Column::Status.is_null())
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await
    }

    async fn purge(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        let unit = self.worker_unit().await?;
        let key = [Column::TenantId, Column::Principal, Column::Operation, Column::Key];
        let old = Query::select()
            .columns(key)
            .from(Entity)
            .and_where(Column::CreatedAt.lt(Micros::from(before)))
            .order_by(Column::CreatedAt, sea_orm::Order::Asc)
            .limit(u64::from(limit))
            .take();
        let whole_key = Expr::tuple(key.map(Expr::col));
        let removed = unit
            .remove_every::<Entity>()
            .filter(whole_key.in_subquery(old))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(removed.rows_affected)
    }
}

/// What belongs to no tenant belongs to the nil tenant.
fn owner(tenant: Option<TenantId>) -> TenantId {
    tenant.unwrap_or(TenantId::from_uuid(Uuid::nil()))
}

fn of(principal: &str, operation: &str, key: &str) -> Condition {
    Condition::all()
        .add(Column::Principal.eq(principal))
        .add(Column::Operation.eq(operation))
        .add(Column::Key.eq(key))
}

fn restore(row: Model) -> Result<StoredReceipt, StoreError> {
    let key = row.key;
    let body_digest = <[u8; 32]>::try_from(row.body_digest)
        .map_err(|_| "a digest has 32 bytes")
        .map_err(corrupt("idempotency_receipt", &key))?;
    let status = row.status.map(u16::try_from).transpose();
    Ok(StoredReceipt {
        body_digest,
        subject: row.subject,
        status: status.map_err(corrupt("idempotency_receipt", &key))?,
        answer: row.answer,
        created_at: row
            .created_at
            .try_into()
            .map_err(corrupt("idempotency_receipt", &key))?,
    })
}
