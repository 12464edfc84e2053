//! Marks in the ledger: see `tenantry_quotas::closing`.

use sea_orm::QuerySelect;
use sea_orm::sea_query::{Expr, ExprTrait};
use tenantry_kernel::{StoreError, async_trait};
use tenantry_quotas::closing::{LedgerMarks, Mark};

use crate::entity::usage_mark::{Column, Entity};
use crate::error::store_error;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Marks, Pin, SeaOrmUnit};

/// The mark that entries of this batch carry. `None` on PostgreSQL: the column's default knows it since the batch
/// began, and until the batch ends nobody takes it. On SQLite no other writer is under way.
pub(super) async fn stamp(unit: &SeaOrmUnit) -> Result<Option<i64>, StoreError> {
    if unit.is_postgres() {
        return Ok(None);
    }
    let now = unit.shared::<Entity>().select_only().column(Column::N).into_tuple();
    let now: Option<i64> = now.one(unit.txn()).await.map_err(store_error)?;
    now.ok_or_else(nothing).map(Some)
}

#[async_trait]
impl LedgerMarks for SeaOrmStore {
    async fn take(&self) -> Result<Mark, StoreError> {
        let unit = self.open(Pin::quota().with(Marks::Takes), Author::Nobody).await?;
        let next = unit
            .change_shared::<Entity>()
            .col_expr(Column::N, Expr::col(Column::N).add(1))
            .exec_with_returning(unit.txn())
            .await
            .map_err(store_error)?;
        let next = next.first().ok_or_else(nothing)?.n;
        unit.finish().await?;
        Ok(Mark(next - 1))
    }
}

fn nothing() -> StoreError {
    StoreError::Corrupt {
        table: "usage_mark",
        detail: "its row is missing".to_owned(),
    }
}
