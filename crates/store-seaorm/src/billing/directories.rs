//! Which tenants have billing to do, as the worker: ids only.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use tenantry_billing::directory::{DueSubscriptions, OverdueInvoices, PendingPayments};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, SystemScope, TenantId, async_trait};
use uuid::Uuid;

use super::columns::literal;
use super::payment_attempts::PENDING;
use crate::entity::{dunning_case, invoice, payment_attempt, subscription};
use crate::error::store_error;
use crate::micros::Micros;
use crate::store::SeaOrmStore;

#[async_trait]
impl DueSubscriptions for SeaOrmStore {
    async fn due(&self, _scope: &SystemScope, now: OffsetDateTime, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let ids: Vec<Uuid> = unit
            .every::<subscription::Entity>()
            .select_only()
            .column(subscription::Column::TenantId)
            .filter(Expr::col(subscription::Column::Status).ne(literal("cancelled")))
            .filter(subscription::Column::PeriodEnd.lte(Micros::from(now)))
            .order_by_asc(subscription::Column::PeriodEnd)
            .order_by_asc(subscription::Column::TenantId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(TenantId::from_uuid).collect())
    }
}

#[async_trait]
impl PendingPayments for SeaOrmStore {
    async fn pending(
        &self,
        _scope: &SystemScope,
        begun_before: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let ids: Vec<Uuid> = unit
            .every::<payment_attempt::Entity>()
            .select_only()
            .column(payment_attempt::Column::TenantId)
            .filter(Expr::col(payment_attempt::Column::Status).eq(literal(PENDING)))
            .filter(payment_attempt::Column::CreatedAt.lte(Micros::from(begun_before)))
            .order_by_asc(payment_attempt::Column::CreatedAt)
            .order_by_asc(payment_attempt::Column::TenantId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(TenantId::from_uuid).collect())
    }
}

#[async_trait]
impl OverdueInvoices for SeaOrmStore {
    async fn overdue(
        &self,
        _scope: &SystemScope,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let of_invoice = || {
            Query::select()
                .expr(Expr::val(1))
                .from(dunning_case::Entity)
                .and_where(
                    Expr::col((dunning_case::Entity, dunning_case::Column::TenantId))
                        .equals((invoice::Entity, invoice::Column::TenantId)),
                )
                .and_where(
                    Expr::col((dunning_case::Entity, dunning_case::Column::Id))
                        .equals((invoice::Entity, invoice::Column::Id)),
                )
                .take()
        };
        let stepping = of_invoice()
            .and_where(dunning_case::Column::NextAt.lte(Micros::from(now)))
            .take();
        let ids: Vec<Uuid> = unit
            .every::<invoice::Entity>()
            .select_only()
            .column(invoice::Column::TenantId)
            .filter(Expr::col((invoice::Entity, invoice::Column::Status)).eq(literal("open")))
            .filter(
                Condition::any()
                    .add(Expr::exists(of_invoice()).not())
                    .add(Expr::exists(stepping)),
            )
            .distinct()
            .order_by_asc(invoice::Column::TenantId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(TenantId::from_uuid).collect())
    }
}
