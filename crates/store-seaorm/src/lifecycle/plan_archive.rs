//! Published editions of plans, and which catalog the installation runs.

use std::collections::HashSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::{Code, Event, StoreError, SystemScope, Transaction, async_trait};
use tenantry_lifecycle::catalog::{ArchivedPlan, CatalogState, PlanArchive};

use super::PUBLISHED_MEANWHILE;
use crate::entity::{catalog_state, plan_version};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// The key of the only row.
const ONLY: i64 = 1;

#[async_trait]
impl PlanArchive for SeaOrmStore {
    async fn load_all(&self, _scope: &SystemScope) -> Result<Vec<ArchivedPlan>, StoreError> {
        let unit = self.worker_look_up().await?;
        let rows = unit
            .shared::<plan_version::Entity>()
            .order_by_asc(plan_version::Column::CreatedAt)
            .order_by_asc(plan_version::Column::Code)
            .order_by_asc(plan_version::Column::Version)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn state(&self, _scope: &SystemScope) -> Result<Option<CatalogState>, StoreError> {
        let unit = self.worker_look_up().await?;
        let row = unit.shared::<catalog_state::Entity>().one(unit.txn()).await;
        Ok(row.map_err(store_error)?.map(restore_state))
    }

    async fn publish(
        &self,
        scope: &SystemScope,
        expected: Option<&CatalogState>,
        next: &CatalogState,
        plans: &[ArchivedPlan],
    ) -> Result<bool, StoreError> {
        let unit = self.unit_for_system(scope).await?;
        // Whoever publishes later waits here, and then finds another catalog than they expected.
        let current = unit.shared::<catalog_state::Entity>().lock_exclusive();
        let current = current.one(unit.txn()).await.map_err(store_error)?.map(restore_state);
        if current.as_ref() != expected {
            return Ok(false);
        }
        let fresh = unpublished(&unit, plans).await?;
        if current.as_ref() == Some(next) && fresh.is_empty() {
            return Ok(true);
        }
        match make_current(&unit, current.is_some(), next).await {
            Err(StoreError::Conflict(PUBLISHED_MEANWHILE)) => return Ok(false),
            made => made?,
        }
        unit.add_shared(fresh).await?;
        let event = Event::new("catalog.applied", &next.hash)
            .change("name", current.map(|before| before.name), next.name.as_str())
            .set("hash", next.hash.as_str());
        Box::new(unit).commit(vec![event]).await?;
        Ok(true)
    }
}

/// Those of the plans that are not in the archive yet.
async fn unpublished(unit: &SeaOrmUnit, plans: &[ArchivedPlan]) -> Result<Vec<plan_version::ActiveModel>, StoreError> {
    let now = Micros::from(unit.now());
    let published: HashSet<(String, String)> = unit
        .shared::<plan_version::Entity>()
        .select_only()
        .columns([plan_version::Column::Code, plan_version::Column::Version])
        .into_tuple()
        .all(unit.txn())
        .await
        .map_err(store_error)?
        .into_iter()
        .collect();
    let fresh = plans
        .iter()
        .filter(|plan| !published.contains(&(plan.code.to_string(), plan.version.clone())))
        .map(|plan| plan_version::ActiveModel {
            code: Set(plan.code.as_str().to_owned()),
            version: Set(plan.version.clone()),
            document: Set(plan.document.clone()),
            created_at: Set(now),
        });
    Ok(fresh.collect())
}

/// Writes the only row. On an empty installation nobody can lock it: of two nodes the index lets one win.
async fn make_current(unit: &SeaOrmUnit, is_there: bool, next: &CatalogState) -> Result<(), StoreError> {
    let now = Micros::from(unit.now());
    if is_there {
        unit.change_shared::<catalog_state::Entity>()
            .col_expr(catalog_state::Column::Name, Expr::value(next.name.as_str()))
            .col_expr(catalog_state::Column::Hash, Expr::value(next.hash.as_str()))
            .col_expr(catalog_state::Column::AppliedAt, Expr::value(now))
            .filter(catalog_state::Column::Id.eq(ONLY))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        return Ok(());
    }
    let first = catalog_state::ActiveModel {
        id: Set(ONLY),
        name: Set(next.name.clone()),
        hash: Set(next.hash.clone()),
        applied_at: Set(now),
    };
    unit.add_shared([first]).await
}

fn restore(row: plan_version::Model) -> Result<ArchivedPlan, StoreError> {
    Ok(ArchivedPlan {
        code: Code::try_from(row.code.as_str()).map_err(corrupt("plan_version", &row.code))?,
        version: row.version,
        document: row.document,
    })
}

fn restore_state(row: catalog_state::Model) -> CatalogState {
    CatalogState {
        name: row.name,
        hash: row.hash,
    }
}
