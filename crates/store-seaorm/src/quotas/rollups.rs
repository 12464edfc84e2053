//! Usage rolled up by quarters of an hour: written with the usage itself, read for series.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::Value as Json;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use tenantry_quotas::engine::{Rollup, RollupKey, bucket_of};
use tenantry_quotas::insight::{Consumer, Dimension, InsightRepository, Point, UsageDirectory, UsageSpan};
use uuid::Uuid;

use super::listed::{Columns, Kind, Listed, flag, id};
use crate::entity::{usage_ledger, usage_rollup};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

const MINUTE: i64 = 60_000_000;

const ADD: &str = "insert into usage_rollup (tenant_id, meter, live, bucket, used_by, key_id, amount, operations) \
     select w.tenant_id, w.meter, w.live, w.bucket, w.used_by, w.key_id, w.amount, w.operations from w where true \
     on conflict (tenant_id, meter, live, bucket, used_by, key_id) do update set \
     amount = usage_rollup.amount + excluded.amount, operations = usage_rollup.operations + excluded.operations";

/// For the engine.
pub(super) async fn add(unit: &SeaOrmUnit, rollups: &BTreeMap<RollupKey, Rollup>) -> Result<(), StoreError> {
    const COLUMNS: &Columns = &[
        ("tenant_id", Kind::Id),
        ("meter", Kind::Text),
        ("live", Kind::Flag),
        ("bucket", Kind::Int),
        ("used_by", Kind::Text),
        ("key_id", Kind::Text),
        ("amount", Kind::Int),
        ("operations", Kind::Int),
    ];
    let rows = rollups.iter().map(|(key, rollup)| {
        vec![
            id(key.tenant.as_uuid()),
            Json::from(key.meter.as_str()),
            flag(key.live),
            Json::from(Micros::from(key.bucket).0),
            Json::from(key.user.as_str()),
            Json::from(key.key.as_str()),
            Json::from(rollup.amount),
            Json::from(rollup.operations),
        ]
    });
    Listed::new(&[COLUMNS], rows).execute(unit, "w", ADD).await?;
    Ok(())
}

#[async_trait]
impl InsightRepository for SeaOrmUnit {
    async fn quarters(&mut self, span: &UsageSpan) -> Result<Vec<Point>, StoreError> {
        let found = summed(rolled_up(self, span))
            .column(usage_rollup::Column::Bucket)
            .group_by(usage_rollup::Column::Bucket)
            .order_by_asc(usage_rollup::Column::Bucket);
        let rows: Vec<(i64, i64, Micros)> = found.into_tuple().all(self.txn()).await.map_err(store_error)?;
        let points = rows
            .into_iter()
            .map(|(amount, operations, at)| point(at, amount, operations));
        points.collect()
    }

    async fn minutes(&mut self, span: &UsageSpan) -> Result<Vec<Point>, StoreError> {
        use usage_ledger::Column;
        let minute = || Expr::col(Column::EventAt).div(MINUTE).mul(MINUTE);
        let mut found = self
            .rows::<usage_ledger::Entity>()
            .select_only()
            .expr_as(whole(Expr::col(Column::Amount).sum()), "amount")
            .expr_as(Expr::col(Column::Id).count(), "operations")
            .expr_as(minute(), "minute")
            .filter(Column::Meter.eq(span.meter.as_str()))
            .filter(Column::Live.eq(span.live))
            .filter(Column::EventAt.gte(Micros::from(span.from)))
            .filter(Column::EventAt.lt(Micros::from(span.to)));
        if let Some(user) = &span.user {
            found = found.filter(Column::UsedBy.eq(user.as_str()));
        }
        if let Some(key) = &span.key {
            found = found
                .filter(Column::ActorKind.eq("api_key"))
                .filter(Column::ActorId.eq(key.as_str()));
        }
        let rows: Vec<(i64, i64, i64)> = found
            .group_by(Expr::col("minute"))
            .order_by(Expr::col("minute"), Order::Asc)
            .into_tuple()
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let points = rows
            .into_iter()
            .map(|(amount, operations, minute)| point(Micros(minute), amount, operations));
        points.collect()
    }

    async fn top(&mut self, span: &UsageSpan, by: Dimension, limit: u32) -> Result<Vec<Consumer>, StoreError> {
        let name = match by {
            Dimension::None => return Ok(Vec::new()),
            Dimension::User => usage_rollup::Column::UsedBy,
            Dimension::Key => usage_rollup::Column::KeyId,
        };
        let rows: Vec<(i64, i64, String)> = summed(rolled_up(self, span))
            .column(name)
            .filter(name.ne(""))
            .group_by(name)
            .order_by(Expr::col("amount_sum"), Order::Desc)
            .order_by_asc(name)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let consumer = |(amount, operations, name)| Consumer {
            name,
            amount,
            operations,
        };
        Ok(rows.into_iter().map(consumer).collect())
    }
}

#[async_trait]
impl UsageDirectory for SeaOrmStore {
    async fn top_tenants(
        &self,
        meter: &Code,
        from: OffsetDateTime,
        to: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<(TenantId, Point)>, StoreError> {
        let unit = self.worker_look_up().await?;
        let every = within(unit.every::<usage_rollup::Entity>(), meter, true, from, to);
        let rows: Vec<(i64, i64, Uuid)> = summed(every)
            .column(usage_rollup::Column::TenantId)
            .group_by(usage_rollup::Column::TenantId)
            .order_by(Expr::col("amount_sum"), Order::Desc)
            .order_by_asc(usage_rollup::Column::TenantId)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let top = |(amount, operations, tenant)| {
            let point = Point {
                at: from,
                amount,
                operations,
            };
            (TenantId::from_uuid(tenant), point)
        };
        Ok(rows.into_iter().map(top).collect())
    }
}

/// The rolled-up lines of a span. The quarter that it begins in belongs to it.
fn rolled_up(unit: &SeaOrmUnit, span: &UsageSpan) -> Select<usage_rollup::Entity> {
    let mut found = within(
        unit.rows::<usage_rollup::Entity>(),
        &span.meter,
        span.live,
        span.from,
        span.to,
    );
    if let Some(user) = &span.user {
        found = found.filter(usage_rollup::Column::UsedBy.eq(user.as_str()));
    }
    if let Some(key) = &span.key {
        found = found.filter(usage_rollup::Column::KeyId.eq(key.as_str()));
    }
    found
}

fn within(
    found: Select<usage_rollup::Entity>,
    meter: &Code,
    live: bool,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Select<usage_rollup::Entity> {
    found
        .filter(usage_rollup::Column::Meter.eq(meter.as_str()))
        .filter(usage_rollup::Column::Live.eq(live))
        .filter(usage_rollup::Column::Bucket.gte(Micros::from(bucket_of(from))))
        .filter(usage_rollup::Column::Bucket.lt(Micros::from(to)))
}

fn summed<E: EntityTrait>(found: Select<E>) -> Select<E> {
    found
        .select_only()
        .expr_as(whole(Expr::col(usage_rollup::Column::Amount).sum()), "amount_sum")
        .expr_as(
            whole(Expr::col(usage_rollup::Column::Operations).sum()),
            "operations_sum",
        )
}

/// PostgreSQL adds up `bigint`s to a `numeric`.
pub(super) fn whole(sum: impl Into<SimpleExpr>) -> SimpleExpr {
    let sum: SimpleExpr = sum.into();
    sum.cast_as("bigint")
}

fn point(at: Micros, amount: i64, operations: i64) -> Result<Point, StoreError> {
    Ok(Point {
        at: OffsetDateTime::try_from(at).map_err(corrupt("usage_rollup", at.0))?,
        amount,
        operations,
    })
}
