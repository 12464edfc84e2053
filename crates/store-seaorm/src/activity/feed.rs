//! The notices that empty caches on all nodes.
//!
//! On PostgreSQL a number from a sequence is handed out before its commit lands, so following the
//! numbers would miss late ones. The cursor is the oldest transaction still running when it was taken:
//! whatever commits later carries that transaction's id or a greater one. SQLite has one writer, so
//! there the numbers are the order.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_activity::feed::{Committed, FeedCursor, FeedPage, InvalidationFeed, Notice, QUIET};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use uuid::Uuid;

use crate::entity::outbox_event::{Column, Entity};
use crate::error::store_error;
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl InvalidationFeed for SeaOrmStore {
    async fn now(&self) -> Result<FeedCursor, StoreError> {
        position(&self.worker_look_up().await?).await
    }

    async fn since(&self, cursor: FeedCursor) -> Result<FeedPage, StoreError> {
        let unit = self.worker_look_up().await?;
        // The position before the rows: what commits between the two is answered twice, not never.
        let next = position(&unit).await?;
        let fresh = if unit.is_postgres() {
            Column::Txid.gte(cursor.0)
        } else {
            Column::Seq.gt(cursor.0)
        };
        let rows: Vec<(i64, Option<Uuid>, Option<Uuid>)> = unit
            .shared::<Entity>()
            .select_only()
            .columns([Column::Seq, Column::TenantId, Column::UserId])
            .filter(fresh)
            .filter(Column::Action.is_not_in(QUIET))
            .order_by_asc(Column::Seq)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let notices = rows.into_iter().map(restore).collect();
        Ok(FeedPage { notices, next })
    }
}

impl SeaOrmStore {
    /// Removes up to `limit` notices made before `before`, and tells how many. Every node has long read them.
    ///
    /// # Errors
    /// `Unavailable`, `Contended`.
    pub async fn purge_feed(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        let unit = self.worker_unit().await?;
        let old: Vec<i64> = unit
            .shared::<Entity>()
            .select_only()
            .column(Column::Seq)
            .filter(Column::CreatedAt.lt(Micros::from(before)))
            .order_by_asc(Column::Seq)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let removed = unit
            .remove_shared::<Entity>()
            .filter(Column::Seq.is_in(old))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(removed.rows_affected)
    }
}

async fn position(unit: &SeaOrmUnit) -> Result<FeedCursor, StoreError> {
    let sql = if unit.is_postgres() {
        "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    } else {
        "(select coalesce(max(seq), 0) from outbox_event)"
    };
    unit.ask(Expr::cust(sql)).await.map(FeedCursor)
}

fn restore((id, tenant, user): (i64, Option<Uuid>, Option<Uuid>)) -> Notice {
    Notice {
        id,
        what: Committed {
            tenant: tenant.map(TenantId::from_uuid),
            user: user.map(UserId::from_uuid),
        },
    }
}
