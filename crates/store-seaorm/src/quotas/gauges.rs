//! Gauges of the unit's tenant. Each move is one statement, and its row stays locked until the unit ends.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter};
use tenantry_kernel::{Code, StoreError, async_trait};
use tenantry_quotas::gauge::{Consumption, GaugeRepository};

use crate::entity::quota_gauge;
use crate::error::store_error;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl GaugeRepository for SeaOrmUnit {
    async fn adjust(&mut self, meter: &Code, delta: i64, limit: Option<i64>) -> Result<Consumption, StoreError> {
        let moved = if delta > 0 {
            raise(self, meter, delta, limit).await?
        } else {
            Some(lower(self, meter, delta).await?)
        };
        match moved {
            Some(used) => Ok(Consumption::Granted { used }),
            None => Ok(Consumption::Exceeded {
                used: stands(self, meter).await?,
            }),
        }
    }

    async fn used(&mut self, meter: &Code) -> Result<i64, StoreError> {
        stands(self, meter).await
    }
}

async fn stands(unit: &SeaOrmUnit, meter: &Code) -> Result<i64, StoreError> {
    let found = unit
        .rows::<quota_gauge::Entity>()
        .filter(quota_gauge::Column::Meter.eq(meter.as_str()));
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    Ok(row.map_or(0, |row| row.used))
}

/// `None` when it would pass the limit.
async fn raise(unit: &SeaOrmUnit, meter: &Code, delta: i64, limit: Option<i64>) -> Result<Option<i64>, StoreError> {
    // A gauge that was never moved stands at nothing: the condition below sees rows that exist only.
    if limit.is_some_and(|limit| delta > limit) {
        return Ok(None);
    }
    let row = quota_gauge::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        meter: Set(meter.as_str().to_owned()),
        used: Set(delta),
    };
    let used = || Expr::col((quota_gauge::Entity, quota_gauge::Column::Used));
    let mut clash = OnConflict::columns([quota_gauge::Column::TenantId, quota_gauge::Column::Meter]);
    clash.value(quota_gauge::Column::Used, used().add(delta));
    if let Some(limit) = limit {
        clash.action_and_where(used().lte(limit - delta));
    }
    let moved = unit.put([row], clash).await?;
    Ok(moved.first().map(|row| row.used))
}

async fn lower(unit: &SeaOrmUnit, meter: &Code, delta: i64) -> Result<i64, StoreError> {
    let lowered = Expr::col(quota_gauge::Column::Used).add(delta);
    let floored = CaseStatement::new().case(lowered.clone().lt(0), 0).finally(lowered);
    let moved = unit
        .change::<quota_gauge::Entity>()
        .col_expr(quota_gauge::Column::Used, floored.into())
        .filter(quota_gauge::Column::Meter.eq(meter.as_str()))
        .exec_with_returning(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(moved.first().map_or(0, |row| row.used))
}
