//! GET /admin/stats/overview: how many there are.

use actix_web::web;
use serde::Serialize;
use tenantry_lifecycle::operators::OperatorService;
use tenantry_lifecycle::roles::PLATFORM_READ;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InSystem;
use crate::render;
use crate::routes::Row;

/// How many tenants and people there are.
#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
struct View {
    /// All tenants.
    tenants: u64,
    /// Tenants that may be used.
    active_tenants: u64,
    /// Tenants that are suspended.
    suspended_tenants: u64,
    /// Memberships that take a seat.
    members: u64,
    /// Humans.
    users: u64,
}

/// Counts tenants and people.
#[utoipa::path(get, path = "/api/v1/admin/stats/overview", operation_id = "admin_overview", tag = "admin",
    responses((status = 200, description = "The counts.", body = View)))]
async fn handler(InSystem(scope): InSystem, operators: web::Data<OperatorService>) -> Answer {
    let counts = operators.headcount(&scope).await?;
    Ok(render::ok(&View {
        tenants: counts.active_tenants + counts.suspended_tenants,
        active_tenants: counts.active_tenants,
        suspended_tenants: counts.suspended_tenants,
        members: counts.members,
        users: counts.users,
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ)
}
