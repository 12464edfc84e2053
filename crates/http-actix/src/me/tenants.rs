//! GET /me/tenants: where the signed-in person belongs.

use actix_web::web;
use serde::Serialize;
use tenantry_kernel::TenantId;
use tenantry_lifecycle::people::PeopleService;
use tenantry_tenancy::directory::Belonging;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{Paging, SignedIn};
use crate::render::Listed;
use crate::routes::Row;

/// One tenant of the person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MyTenant)]
pub(crate) struct BelongingView {
    /// The tenant's id.
    id: String,
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
    /// Whether it may be used: `active` or `suspended`.
    tenant_status: &'static str,
    /// The person's membership there.
    membership_id: String,
    /// The person's role there.
    role: String,
    /// Where the membership stands: `invited`, `active` or `deactivated`.
    status: &'static str,
    /// The address by which the tenant knows the person.
    email: String,
    /// When the person last signed in there.
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// True for the tenant of the presented token.
    current: bool,
}

impl BelongingView {
    pub(crate) fn of(belonging: &Belonging, current: Option<TenantId>) -> Self {
        Self {
            id: belonging.tenant.to_string(),
            slug: belonging.slug.to_string(),
            name: belonging.name.to_string(),
            tenant_status: belonging.state.as_str(),
            membership_id: belonging.membership.to_string(),
            role: belonging.role.to_string(),
            status: belonging.status.as_str(),
            email: belonging.email.to_string(),
            last_login_at: belonging.last_login_at,
            created_at: belonging.since,
            current: current == Some(belonging.tenant),
        }
    }
}

/// Lists the tenants that the person belongs to, oldest membership first.
#[utoipa::path(get, path = "/api/v1/me/tenants", operation_id = "me_tenants", tag = "me",
    responses((status = 200, description = "A page of them.", body = Listed<BelongingView>)))]
async fn handler(SignedIn(person): SignedIn, paging: Paging, people: web::Data<PeopleService>) -> Answer {
    let current = person.seat.map(|(tenant, _)| tenant);
    let page = people.belongings(person.user, paging.request()).await?;
    Ok(paging.answer(page.map(|belonging| BelongingView::of(&belonging, current))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().paged()
}
