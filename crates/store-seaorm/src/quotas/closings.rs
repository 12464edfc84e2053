//! Closed periods of the unit's tenant.
//!
//! What was closed of one meter are intervals that do not overlap: `begin_at` is where an earlier closing ended, or
//! where the tenant began to be billed. An entry is billed when its time lies in one of them: by the closing of that
//! interval when it was counted up to its mark, and by the first closing with a later mark otherwise.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Condition, Expr, ExprTrait, Func, OnConflict, Query, SimpleExpr};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, async_trait};
use tenantry_quotas::closing::{Closing, ClosingRepository, Mark};

use super::rollups::whole;
use crate::entity::{tenant_plan, usage_closing, usage_ledger};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

use usage_closing::{Column, Entity, Model};

#[async_trait]
impl ClosingRepository for SeaOrmUnit {
    async fn close(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        mark: Mark,
        now: OffsetDateTime,
    ) -> Result<Closing, StoreError> {
        // Two that close something of one tenant do it one after the other, so that each sees what the other billed.
        let plan = self
            .rows::<tenant_plan::Entity>()
            .lock_exclusive()
            .one(self.txn())
            .await;
        plan.map_err(store_error)?;
        if let Some(closed) = closed_at(self, meter, end).await? {
            return Ok(closed);
        }
        let open = Open::of(self, meter, begin, end).await?;
        let mark = open.settled(mark);
        let row = usage_closing::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            meter: Set(meter.as_str().to_owned()),
            end_at: Set(end.into()),
            begin_at: Set(open.begin),
            mark: Set(mark),
            used: Set(open.used(self, Some(mark)).await?),
            adjustment: Set(open.adjustment(self, Some(mark)).await?),
            carried: Set(open.carried),
            closed_at: Set(now.into()),
        };
        let mut closed_before = OnConflict::columns([Column::TenantId, Column::Meter, Column::EndAt]);
        closed_before.do_nothing();
        self.put_new(row, closed_before).await?;
        let closed = closed_at(self, meter, end).await?;
        // Without a plan there was nothing to lock: somebody else is closing it.
        closed.ok_or(StoreError::Contended)
    }

    async fn running(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        mark: Option<Mark>,
    ) -> Result<i64, StoreError> {
        if let Some(closed) = closed_at(self, meter, end).await? {
            return Ok(closed.billed());
        }
        let open = Open::of(self, meter, begin, end).await?;
        let until = mark.map(|mark| open.settled(mark));
        let (used, adjustment) = (open.used(self, until).await?, open.adjustment(self, until).await?);
        let total = used.saturating_add(adjustment).saturating_add(open.carried);
        Ok(std::cmp::max(total, 0))
    }

    async fn list(&mut self, meter: Option<Code>, limit: u32) -> Result<Vec<Closing>, StoreError> {
        let mut found = self.rows::<Entity>();
        if let Some(meter) = meter {
            found = found.filter(Column::Meter.eq(meter.as_str()));
        }
        let rows = found
            .order_by_desc(Column::EndAt)
            .order_by_asc(Column::Meter)
            .limit(u64::from(limit))
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }
}

async fn closed_at(unit: &SeaOrmUnit, meter: &Code, end: OffsetDateTime) -> Result<Option<Closing>, StoreError> {
    let found = unit
        .rows::<Entity>()
        .filter(Column::Meter.eq(meter.as_str()))
        .filter(Column::EndAt.eq(Micros::from(end)));
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    row.map(restore).transpose()
}

/// What was closed of a meter: up to when, up to which mark, what it came to by itself, and what of that was billed.
#[derive(Default, FromQueryResult)]
struct ClosedSoFar {
    end_at: Option<Micros>,
    mark: Option<i64>,
    come_to: Option<i64>,
    billed: Option<i64>,
}

/// What is to be closed.
struct Open<'m> {
    meter: &'m Code,
    begin: Micros,
    end: Micros,
    /// The latest mark that a closing read up to; `None` when nothing was closed.
    mark: Option<i64>,
    /// What the closings so far came to, less what they billed.
    carried: i64,
}

impl<'m> Open<'m> {
    async fn of(
        unit: &SeaOrmUnit,
        meter: &'m Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
    ) -> Result<Self, StoreError> {
        let total = Expr::col(Column::Used)
            .add(Expr::col(Column::Adjustment))
            .add(Expr::col(Column::Carried));
        let billed = CaseStatement::new().case(total.clone().gt(0), total).finally(0);
        let come_to = Expr::col(Column::Used).add(Expr::col(Column::Adjustment));
        let closed: Option<ClosedSoFar> = unit
            .rows::<Entity>()
            .select_only()
            .expr_as(Expr::col(Column::EndAt).max(), "end_at")
            .expr_as(Expr::col(Column::Mark).max(), "mark")
            .expr_as(whole(come_to.sum()), "come_to")
            .expr_as(whole(Func::sum(billed)), "billed")
            .filter(Column::Meter.eq(meter.as_str()))
            .into_model()
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        let closed = closed.unwrap_or_default();
        let end = Micros::from(end);
        let begin = closed
            .end_at
            .map_or(begin.into(), |until| std::cmp::max(until, begin.into()));
        Ok(Self {
            meter,
            begin: std::cmp::min(begin, end),
            end,
            mark: closed.mark,
            carried: closed.come_to.unwrap_or(0).saturating_sub(closed.billed.unwrap_or(0)),
        })
    }

    /// What an earlier closing saw as settled is settled.
    fn settled(&self, mark: Mark) -> i64 {
        std::cmp::max(mark.0, self.mark.unwrap_or(mark.0))
    }

    /// What happened in the interval itself.
    async fn used(&self, unit: &SeaOrmUnit, until: Option<i64>) -> Result<i64, StoreError> {
        let within = Condition::all()
            .add(usage_ledger::Column::EventAt.gte(self.begin))
            .add(usage_ledger::Column::EventAt.lt(self.end));
        self.sum(unit, within, until).await
    }

    /// What came after the latest closing, of intervals that were closed.
    async fn adjustment(&self, unit: &SeaOrmUnit, until: Option<i64>) -> Result<i64, StoreError> {
        let Some(mark) = self.mark else {
            return Ok(0);
        };
        let ledger = |column| Expr::col((usage_ledger::Entity, column));
        let closed = |column| Expr::col((Entity, column));
        let closing = Query::select()
            .expr(SimpleExpr::from(1))
            .from(Entity)
            .and_where(closed(Column::TenantId).eq(ledger(usage_ledger::Column::TenantId)))
            .and_where(closed(Column::Meter).eq(ledger(usage_ledger::Column::Meter)))
            .and_where(closed(Column::BeginAt).lte(ledger(usage_ledger::Column::EventAt)))
            .and_where(closed(Column::EndAt).gt(ledger(usage_ledger::Column::EventAt)))
            .take();
        let late = Condition::all()
            .add(usage_ledger::Column::Mark.gt(mark))
            .add(Expr::exists(closing));
        self.sum(unit, late, until).await
    }

    async fn sum(&self, unit: &SeaOrmUnit, which: Condition, until: Option<i64>) -> Result<i64, StoreError> {
        use usage_ledger::Column;
        let mut found = unit
            .rows::<usage_ledger::Entity>()
            .select_only()
            .expr_as(whole(Expr::col(Column::Amount).sum()), "amount_sum")
            .filter(Column::Meter.eq(self.meter.as_str()))
            .filter(Column::Live.eq(true))
            .filter(which);
        if let Some(mark) = until {
            found = found.filter(Column::Mark.lte(mark));
        }
        let sum: Option<Option<i64>> = found.into_tuple().one(unit.txn()).await.map_err(store_error)?;
        Ok(sum.flatten().unwrap_or(0))
    }
}

fn restore(row: Model) -> Result<Closing, StoreError> {
    let tenant = row.tenant_id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("usage_closing", tenant));
    Ok(Closing {
        meter: Code::try_from(row.meter).map_err(corrupt("usage_closing", tenant))?,
        end: time(row.end_at)?,
        mark: Mark(row.mark),
        used: row.used,
        adjustment: row.adjustment,
        carried: row.carried,
        closed_at: time(row.closed_at)?,
    })
}
