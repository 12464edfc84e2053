//! Alerts that nobody was told of: of the unit's tenant, and which tenants have some.

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use tenantry_quotas::alert::{Alert, AlertDirectory, AlertRepository};
use uuid::Uuid;

use super::accounts;
use crate::entity::quota_alert::{Column, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// How many alerts one statement names at most.
const AT_ONCE: usize = 64;

#[async_trait]
impl AlertRepository for SeaOrmUnit {
    async fn untold(&mut self, limit: u32) -> Result<Vec<Alert>, StoreError> {
        let mut found = self
            .rows::<Entity>()
            .filter(Column::ToldAt.is_null())
            .order_by_asc(Column::ReachedAt)
            .order_by_asc(Column::Meter)
            .order_by_asc(Column::ThresholdPercent)
            .limit(u64::from(limit));
        if !self.is_read_only() {
            found = found.lock_exclusive();
        }
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn told(&mut self, alerts: &[Alert], now: OffsetDateTime) -> Result<(), StoreError> {
        for some in alerts.chunks(AT_ONCE) {
            let any = some.iter().fold(Condition::any(), |any, alert| any.add(named(alert)));
            self.change::<Entity>()
                .col_expr(Column::ToldAt, Expr::value(Micros::from(now)))
                .filter(any)
                .filter(Column::ToldAt.is_null())
                .exec(self.txn())
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }
}

#[async_trait]
impl AlertDirectory for SeaOrmStore {
    async fn with_untold(&self, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let ids: Vec<Uuid> = unit
            .every::<Entity>()
            .select_only()
            .column(Column::TenantId)
            .filter(Column::ToldAt.is_null())
            .group_by(Column::TenantId)
            .order_by(Expr::col(Column::ReachedAt).min(), Order::Asc)
            .order_by_asc(Column::TenantId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(TenantId::from_uuid).collect())
    }
}

fn named(alert: &Alert) -> Condition {
    accounts::alerts_of(&alert.account.key).add(Column::ThresholdPercent.eq(i64::from(alert.threshold_percent)))
}

pub(super) fn restore(row: Model) -> Result<Alert, StoreError> {
    let tenant = row.tenant_id;
    let key = accounts::key(&row.meter, row.live, &row.subject, &row.period, row.period_start);
    let account = accounts::of_tenant(tenant, key);
    Ok(Alert {
        account: account.map_err(corrupt("quota_alert", tenant))?,
        threshold_percent: u8::try_from(row.threshold_percent).map_err(corrupt("quota_alert", tenant))?,
        limit: row.limit_value,
        used: row.used,
        at: OffsetDateTime::try_from(row.reached_at).map_err(corrupt("quota_alert", tenant))?,
    })
}
