//! What operators see across tenants, as the worker, which may read no more than this needs.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
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
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::tenancy::tenant_directory::matching;

#[async_trait]
impl OperatorDirectory for SeaOrmStore {
    async fn tenants(
        &self,
        _scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantCard>, StoreError> {
        let unit = self.worker_look_up().await?;
        let mut found = with_newest_subscription(matching(&unit, filter));
        if let Some(after) = page.after() {
            found = found.filter(tenant::Column::Id.gt(after.0));
        }
        let rows: Vec<CardRow> = found
            .order_by_asc(tenant::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let cards = rows.into_iter().map(card).collect::<Result<Vec<_>, _>>()?;
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
        let seated = [MembershipState::Invited, MembershipState::Active].map(MembershipState::as_str);
        let members = unit
            .every::<membership::Entity>()
            .select_only()
            .expr(membership::Column::Status.count())
            .filter(membership::Column::Status.is_in(seated))
            .into_query();
        // Everybody is in the directory, which tells who there is and nothing about them.
        let users = unit
            .shared::<email_directory::Entity>()
            .select_only()
            .expr(email_directory::Column::UserId.into_expr().count_distinct())
            .into_query();
        let in_state = |state: TenantState| {
            let counted = CaseStatement::new().case(tenant::Column::Status.eq(state.as_str()), 1);
            Expr::Case(Box::new(counted)).count()
        };
        let counts: Option<(i64, i64, i64, i64)> = unit
            .every::<tenant::Entity>()
            .select_only()
            .expr(in_state(TenantState::Active))
            .expr(in_state(TenantState::Suspended))
            .expr(value(members))
            .expr(value(users))
            .into_tuple()
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        let (active, suspended, members, users) = counts.unwrap_or_default();
        let many = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(Headcount {
            active_tenants: many(active),
            suspended_tenants: many(suspended),
            members: many(members),
            users: many(users),
        })
    }
}

/// Id, slug, name, status, billing address and founding of a tenant; plan and status of its newest subscription.
type CardRow = (
    Uuid,
    String,
    String,
    String,
    String,
    Micros,
    Option<String>,
    Option<String>,
);

/// Code, version, cycle, currency, quantity, status, and how many.
type GroupRow = (String, String, String, String, i64, String, i64);

/// What a card shows, from tenants and the newest subscription of each, if there is one.
fn with_newest_subscription(tenants: Select<tenant::Entity>) -> Select<tenant::Entity> {
    use subscription::Column;
    let newest = Query::select()
        .column(("newest", Column::Id))
        .from_as(subscription::Entity, "newest")
        .and_where(Expr::col(("newest", Column::TenantId)).equals((tenant::Entity, tenant::Column::Id)))
        .order_by(("newest", Column::CreatedAt), Order::Desc)
        .order_by(("newest", Column::Id), Order::Desc)
        .limit(1)
        .take();
    let its_newest = Column::TenantId
        .into_expr()
        .equals((tenant::Entity, tenant::Column::Id))
        .and(Column::Id.into_expr().eq(value(newest)));
    let mut cards = tenants
        .select_only()
        .columns([
            tenant::Column::Id,
            tenant::Column::Slug,
            tenant::Column::Name,
            tenant::Column::Status,
            tenant::Column::BillingEmail,
            tenant::Column::CreatedAt,
        ])
        .columns([Column::PlanCode, Column::Status]);
    QueryTrait::query(&mut cards).left_join(subscription::Entity, its_newest);
    cards
}

/// The one value that a query answers.
fn value(query: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(query.into()))
}

fn card(
    (id, slug, name, status, billing_email, founded, plan, subscription): CardRow,
) -> Result<TenantCard, StoreError> {
    let state = TenantState::from_name(&status).ok_or("unknown status");
    Ok(TenantCard {
        id: TenantId::from_uuid(id),
        slug: Slug::try_from(slug.as_str()).map_err(corrupt("tenant", id))?,
        name: DisplayName::try_from(name).map_err(corrupt("tenant", id))?,
        state: state.map_err(corrupt("tenant", id))?,
        billing_email: EmailAddress::try_from(billing_email).map_err(corrupt("tenant", id))?,
        plan: plan
            .map(Code::try_from)
            .transpose()
            .map_err(corrupt("subscription", id))?,
        subscription_status: subscription,
        created_at: founded.try_into().map_err(corrupt("tenant", id))?,
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
