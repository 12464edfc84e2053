//! Budgets of what strangers may cause: one statement decides and takes.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, Order, QueryFilter};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Budget, BudgetKeeper, StoreError, async_trait};

use crate::entity::spent_budget::{ActiveModel, Column, Entity};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;

#[async_trait]
impl BudgetKeeper for SeaOrmStore {
    async fn take(
        &self,
        budget: &Budget,
        subject: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Result<(), Duration>, StoreError> {
        let unit = self.worker_unit().await?;
        let kept = || Expr::col((Entity, Column::WholeAt));
        let begins = CaseStatement::new()
            .case(kept().gt(Micros::from(now)), kept())
            .finally(Micros::from(now));
        let mut again = OnConflict::column(Column::Subject);
        again
            .value(Column::WholeAt, Expr::expr(begins).add(micros(budget.interval())))
            .action_and_where(kept().lte(Micros::from(now + budget.tolerance())));
        let first = ActiveModel {
            subject: Set(subject.to_vec()),
            whole_at: Set((now + budget.interval()).into()),
        };
        if unit.put_every(vec![first], again).await? > 0 {
            unit.finish().await?;
            return Ok(Ok(()));
        }
        let found = unit.shared::<Entity>().filter(Column::Subject.eq(subject.to_vec()));
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        // Removed since: whole again, so that the next call takes from it.
        let row = row.ok_or(StoreError::Contended)?;
        let whole_at = OffsetDateTime::try_from(row.whole_at).map_err(corrupt("spent_budget", "whole_at"))?;
        Ok(Err(budget.take(Some(whole_at), now).err().unwrap_or(Duration::ZERO)))
    }

    async fn forget_whole(&self, now: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        let unit = self.worker_unit().await?;
        let whole = Query::select()
            .column(Column::Subject)
            .from(Entity)
            .and_where(Column::WholeAt.lte(Micros::from(now)))
            .order_by(Column::WholeAt, Order::Asc)
            .limit(u64::from(limit))
            .take();
        let removed = unit
            .remove_shared::<Entity>()
            .filter(Column::Subject.in_subquery(whole))
            // Somebody may be taking from it right now, and has then made it less than whole.
            .filter(Column::WholeAt.lte(Micros::from(now)))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(removed.rows_affected)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}
