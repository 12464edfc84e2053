//! What operators see across tenants, as the worker, which may read no more than this needs.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_billing::plan::{Cycle, PlanRef};
use tenantry_billing::subscription::Quantity;
use tenantry_kernel::{
    Code, Currency, DisplayName, EmailAddress, Page, PageRequest, StoreError, SystemScope, TenantId, async_trait,
};
use tenantry_lifecycle::operators::{Headcount, OperatorDirectory, SubscriptionGroup, TenantCard};
use tenantry_tenancy::directory::TenantFilter;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::tenant::{Slug, TenantState};
use uuid::Uuid;

use crate::entity::{email_directory, membership, subscription, tenant};
use crate::error::{corrupt, store_error};
use crate::store::SeaOrmStore;
use crate::tenancy::tenant_directory::matching;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl OperatorDirectory for SeaOrmStore {
    async fn tenants(
        &self,
        _scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantCard>, StoreError> {
        let unit = self.worker_look_up().await?;
        let mut found = matching(&unit, filter);
        if let Some(after) = page.after() {
            found = found.filter(tenant::Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(tenant::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let mut plans = latest_subscriptions(&unit, rows.iter().map(|row| row.id).collect()).await?;
        let cards = rows
            .into_iter()
            .map(|row| {
                let latest = plans.remove(&row.id);
                card(row, latest)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(cards, page, |card| card.id.as_uuid()))
    }

    async fn subscription_groups(&self, _scope: &SystemScope) -> Result<Vec<SubscriptionGroup>, StoreError> {
        use subscription::Column;
        let unit = self.worker_look_up().await?;
        let terms = [
            Column::PlanCode,
            Column::PlanVersion,
            Column::Cycle,
            Column::Currency,
            Column::Quantity,
            Column::Status,
        ];
        let mut grouped = unit
            .every::<subscription::Entity>()
            .select_only()
            .columns(terms)
            .column_as(Column::Id.count(), "many")
            .filter(Column::Status.ne("cancelled"));
        for term in terms {
            grouped = grouped.group_by(term).order_by_asc(term);
        }
        let rows: Vec<GroupRow> = grouped.into_tuple().all(unit.txn()).await.map_err(store_error)?;
        rows.into_iter().map(group).collect()
    }

    async fn headcount(&self, _scope: &SystemScope) -> Result<Headcount, StoreError> {
        let unit = self.worker_look_up().await?;
        let by_state: Vec<(String, i64)> = unit
            .every::<tenant::Entity>()
            .select_only()
            .column(tenant::Column::Status)
            .column_as(tenant::Column::Id.count(), "many")
            .group_by(tenant::Column::Status)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let tenants = |state: TenantState| {
            let found = by_state.iter().find(|(name, _)| name == state.as_str());
            found.map_or(0, |(_, many)| u64::try_from(*many).unwrap_or_default())
        };
        let seated = [MembershipState::Invited, MembershipState::Active].map(MembershipState::as_str);
        let members = unit
            .every::<membership::Entity>()
            .select_only()
            .column(membership::Column::TenantId)
            .filter(membership::Column::Status.is_in(seated))
            .count(unit.txn())
            .await
            .map_err(store_error)?;
        let users = unit
            .shared::<email_directory::Entity>()
            .select_only()
            .column(email_directory::Column::UserId)
            .distinct()
            .count(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(Headcount {
            active_tenants: tenants(TenantState::Active),
            suspended_tenants: tenants(TenantState::Suspended),
            members,
            users,
        })
    }
}

/// Code, version, cycle, currency, quantity, status, and how many.
type GroupRow = (String, String, String, String, i64, String, i64);

/// Plan and status of the newest subscription of each tenant.
async fn latest_subscriptions(
    unit: &SeaOrmUnit,
    tenants: Vec<Uuid>,
) -> Result<HashMap<Uuid, (String, String)>, StoreError> {
    use subscription::Column;
    let rows: Vec<(Uuid, String, String)> = unit
        .every::<subscription::Entity>()
        .select_only()
        .columns([Column::TenantId, Column::PlanCode, Column::Status])
        .filter(Column::TenantId.is_in(tenants))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    // Oldest first, so that the newest is what stays.
    Ok(rows
        .into_iter()
        .map(|(tenant, plan, status)| (tenant, (plan, status)))
        .collect())
}

fn card(row: tenant::Model, latest: Option<(String, String)>) -> Result<TenantCard, StoreError> {
    let id = row.id;
    let (plan, subscription_status) = latest.unzip();
    let state = TenantState::from_name(&row.status).ok_or("unknown status");
    Ok(TenantCard {
        id: TenantId::from_uuid(id),
        slug: Slug::try_from(row.slug.as_str()).map_err(corrupt("tenant", id))?,
        name: DisplayName::try_from(row.name).map_err(corrupt("tenant", id))?,
        state: state.map_err(corrupt("tenant", id))?,
        billing_email: EmailAddress::try_from(row.billing_email).map_err(corrupt("tenant", id))?,
        plan: plan
            .map(Code::try_from)
            .transpose()
            .map_err(corrupt("subscription", id))?,
        subscription_status,
        created_at: row.created_at.try_into().map_err(corrupt("tenant", id))?,
    })
}

fn group((code, version, cycle, currency, quantity, status, count): GroupRow) -> Result<SubscriptionGroup, StoreError> {
    let of = format!("{code}@{version}");
    let quantity = u32::try_from(quantity).map_err(corrupt("subscription", &of))?;
    Ok(SubscriptionGroup {
        plan: PlanRef {
            code: Code::try_from(code).map_err(corrupt("subscription", &of))?,
            version,
        },
        cycle: Cycle::try_from(cycle.as_str()).map_err(corrupt("subscription", &of))?,
        currency: Currency::try_from(currency.as_str()).map_err(corrupt("subscription", &of))?,
        quantity: Quantity::try_from(quantity).map_err(corrupt("subscription", &of))?,
        status,
        count: u64::try_from(count).unwrap_or_default(),
    })
}
