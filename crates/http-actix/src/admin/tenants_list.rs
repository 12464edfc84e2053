//! GET /admin/tenants: all tenants.

use actix_web::web;
use serde::{Deserialize, Serialize};
use tenantry_kernel::Code;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::operators::{OperatorService, TenantCard};
use tenantry_lifecycle::roles::PLATFORM_READ;
use tenantry_tenancy::directory::TenantFilter;
use tenantry_tenancy::tenant::TenantState;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ApiError};
use crate::extract::{InSystem, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;

/// Which tenants.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// In this state: `active` or `suspended`.
    status: Option<String>,
    /// On this plan.
    plan: Option<String>,
    /// Name, slug or billing address contain this text.
    q: Option<String>,
}

/// A tenant, as a list of tenants shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantCard)]
struct View {
    /// Its id.
    id: String,
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
    /// `active` or `suspended`.
    status: &'static str,
    /// Where invoices go.
    billing_email: String,
    /// The plan of its latest subscription.
    plan: Option<String>,
    /// Where that subscription stands.
    subscription_status: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<TenantCard> for View {
    fn from(card: TenantCard) -> Self {
        Self {
            id: card.id.to_string(),
            slug: card.slug.to_string(),
            name: card.name.to_string(),
            status: card.state.as_str(),
            billing_email: card.billing_email.to_string(),
            plan: card.plan.map(|plan| plan.to_string()),
            subscription_status: card.subscription_status,
            created_at: card.created_at,
        }
    }
}

fn wanted(filter: Filter, catalog: &Catalog) -> Result<TenantFilter, ApiError> {
    let status = match filter.status.as_deref() {
        None => None,
        Some(text) => Some(
            TenantState::from_name(&Code::fold(text))
                .ok_or_else(|| ApiError::invalid("status", &"must be active or suspended"))?,
        ),
    };
    let plan = match filter.plan.as_deref() {
        None => None,
        Some(text) => {
            let offer = catalog
                .find_plan(text)
                .ok_or_else(|| ApiError::invalid("plan", &"there is no such plan"))?;
            Some(offer.code().clone())
        }
    };
    Ok(TenantFilter {
        status,
        plan,
        text: filter.q,
    })
}

/// Lists tenants, oldest first.
#[utoipa::path(get, path = "/api/v1/admin/tenants", operation_id = "admin_tenants_list", tag = "admin",
    params(Filter), responses((status = 200, description = "A page of tenants.", body = Listed<View>)))]
async fn handler(
    InSystem(scope): InSystem,
    Query(filter): Query<Filter>,
    paging: Paging,
    catalog: web::Data<Catalog>,
    operators: web::Data<OperatorService>,
) -> Answer {
    let page = operators
        .tenants(&scope, &wanted(filter, &catalog)?, paging.request())
        .await?;
    Ok(paging.answer(page.map(View::from)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ).paged()
}
