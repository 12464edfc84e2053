//! The queue of jobs: leases, fencing tokens, and the database's clock.

use sea_orm::prelude::Expr;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect, UpdateMany};
use tenantry_activity::job::{DeadJob, Job, JobId, JobQueue};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Page, PageRequest, StoreError, SystemScope, TenantId, async_trait};

use super::payload;
use crate::entity::job::{Column, Entity, Model};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl JobQueue for SeaOrmStore {
    async fn claim(&self, kinds: &[String], limit: u16, lease: Duration) -> Result<Vec<Job>, StoreError> {
        let unit = self.worker_unit().await?;
        let due = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::Kind.is_in(kinds))
            .and_where(Column::BuriedAt.is_null())
            .and_where(Expr::col(Column::RunAt).lte(unit.database_time()))
            .cond_where(
                Condition::any()
                    .add(Column::LeasedUntil.is_null())
                    .add(Expr::col(Column::LeasedUntil).lte(unit.database_time())),
            )
            .order_by(Column::RunAt, Order::Asc)
            .order_by(Column::Id, Order::Asc)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let mut rows = unit
            .change_shared::<Entity>()
            .col_expr(Column::LeasedUntil, later(&unit, lease))
            .col_expr(Column::LeaseToken, Expr::col(Column::LeaseToken).add(1))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.in_subquery(due))
            .exec_with_returning(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        rows.sort_by_key(|row| (row.run_at, row.id));
        Ok(rows.into_iter().map(|row| self.restore_job(row)).collect())
    }

    async fn complete(&self, job: &Job) -> Result<(), StoreError> {
        let unit = self.worker_unit().await?;
        let removed = unit
            .remove_shared::<Entity>()
            .filter(held(job))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        fresh(removed.rows_affected)?;
        unit.finish().await
    }

    async fn retry(&self, job: &Job, error: &str, after: Duration) -> Result<(), StoreError> {
        let unit = self.worker_unit().await?;
        let released = release(&unit)
            .col_expr(Column::RunAt, later(&unit, after))
            .col_expr(Column::LastError, error.into());
        settle(unit, released.filter(held(job))).await
    }

    async fn bury(&self, job: &Job, error: &str) -> Result<(), StoreError> {
        let unit = self.worker_unit().await?;
        let released = release(&unit)
            .col_expr(Column::BuriedAt, unit.database_time())
            .col_expr(Column::LastError, error.into());
        settle(unit, released.filter(held(job))).await
    }

    async fn dead(&self, _scope: &SystemScope, page: PageRequest) -> Result<Page<DeadJob>, StoreError> {
        let unit = self.worker_look_up().await?;
        let mut found = unit.shared::<Entity>().filter(Column::BuriedAt.is_not_null());
        if let Some(after) = page.after() {
            let last = unit
                .shared::<Entity>()
                .filter(Column::Id.eq(after.0))
                .one(unit.txn())
                .await
                .map_err(store_error)?;
            // A job that was revived since has no place in the list any more: the list ends there.
            let Some(died_at) = last.and_then(|row| row.buried_at) else {
                return Ok(Page::from_rows(Vec::new(), page, |job: &DeadJob| job.id.as_uuid()));
            };
            let same_moment = Condition::all()
                .add(Column::BuriedAt.eq(died_at))
                .add(Column::Id.lt(after.0));
            found = found.filter(Condition::any().add(Column::BuriedAt.lt(died_at)).add(same_moment));
        }
        let rows = found
            .order_by_desc(Column::BuriedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let jobs = rows.into_iter().map(restore_dead).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(jobs, page, |job| job.id.as_uuid()))
    }

    async fn revive(&self, scope: &SystemScope, id: JobId) -> Result<bool, StoreError> {
        let unit = self.unit_for_system(scope).await?;
        let revived = release(&unit)
            .col_expr(Column::Attempts, 0.into())
            .col_expr(Column::RunAt, unit.database_time())
            .col_expr(Column::BuriedAt, Expr::value(None::<i64>))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::BuriedAt.is_not_null())
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(revived.rows_affected > 0)
    }
}

/// Under the lease that this job was taken with, and under no other.
fn held(job: &Job) -> Condition {
    Condition::all()
        .add(Column::Id.eq(job.id.as_uuid()))
        .add(Column::LeaseToken.eq(job.lease_token))
        .add(Column::BuriedAt.is_null())
}

/// Ends the lease: the token moves on, so that an answer under the old one comes too late.
fn release(unit: &SeaOrmUnit) -> UpdateMany<Entity> {
    unit.change_shared::<Entity>()
        .col_expr(Column::LeasedUntil, Expr::value(None::<i64>))
        .col_expr(Column::LeaseToken, Expr::col(Column::LeaseToken).add(1))
}

async fn settle(unit: SeaOrmUnit, change: UpdateMany<Entity>) -> Result<(), StoreError> {
    let written = change.exec(unit.txn()).await.map_err(store_error)?;
    fresh(written.rows_affected)?;
    unit.finish().await
}

fn later(unit: &SeaOrmUnit, by: Duration) -> SimpleExpr {
    let micros = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX / 2);
    unit.database_time().add(micros)
}

impl SeaOrmStore {
    fn restore_job(&self, row: Model) -> Job {
        let tenant = row.tenant_id.map(TenantId::from_uuid);
        Job {
            id: JobId::from_uuid(row.id),
            payload: payload::open(self.cipher(), row.id, &row.kind, tenant, &row.payload),
            kind: row.kind,
            tenant,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            lease_token: row.lease_token,
        }
    }
}

fn restore_dead(row: Model) -> Result<DeadJob, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("job", row.id));
    let died_at = row.buried_at.ok_or("not dead").map_err(corrupt("job", row.id))?;
    Ok(DeadJob {
        id: JobId::from_uuid(row.id),
        kind: row.kind,
        tenant: row.tenant_id.map(TenantId::from_uuid),
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        error: row.last_error.unwrap_or_default(),
        created_at: time(row.created_at)?,
        died_at: time(died_at)?,
    })
}
