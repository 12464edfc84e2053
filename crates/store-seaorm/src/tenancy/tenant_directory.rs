//! Lists across tenants, as the worker: ids only.

use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tenantry_kernel::{Page, PageRequest, StoreError, SystemScope, TenantId, async_trait};
use tenantry_tenancy::directory::{TenantDirectory, TenantFilter};
use uuid::Uuid;

use crate::entity::{subscription, tenant};
use crate::error::store_error;
use crate::search;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl TenantDirectory for SeaOrmStore {
    async fn list(
        &self,
        _scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let mut found = matching(&unit, filter).select_only().column(tenant::Column::Id);
        if let Some(after) = page.after() {
            found = found.filter(tenant::Column::Id.gt(after.0));
        }
        let ids: Vec<Uuid> = found
            .order_by_asc(tenant::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(Page::from_rows(ids, page, |id| *id).map(TenantId::from_uuid))
    }
}

/// Tenants that match, in no order; also for the operators' list.
pub(crate) fn matching(unit: &SeaOrmUnit, filter: &TenantFilter) -> Select<tenant::Entity> {
    let mut found = unit.every::<tenant::Entity>();
    if let Some(state) = filter.status {
        found = found.filter(tenant::Column::Status.eq(state.as_str()));
    }
    if let Some(plan) = &filter.plan {
        let on_the_plan = Query::select()
            .column(subscription::Column::TenantId)
            .from(subscription::Entity)
            .and_where(subscription::Column::PlanCode.eq(plan.as_str()))
            .and_where(subscription::Column::Status.ne("cancelled"))
            .take();
        found = found.filter(tenant::Column::Id.in_subquery(on_the_plan));
    }
    if let Some(text) = &filter.text {
        found = found.filter(tenant::Column::SearchText.like(search::containing(text)));
    }
    found
}
