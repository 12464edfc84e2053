//! GET /admin/impersonate: the visits that go on now.

use actix_web::web::Data;
use tenantry_lifecycle::roles::PLATFORM_READ;
use tenantry_lifecycle::support::SupportService;

use super::VisitView;
use crate::error::Answer;
use crate::extract::InSystem;
use crate::render::{self, Whole};
use crate::routes::Row;

/// Lists the visits that go on now in all tenants, the youngest first; 200 at most.
#[utoipa::path(get, path = "/api/v1/admin/impersonate", operation_id = "admin_impersonations", tag = "admin",
    responses((status = 200, description = "The visits.", body = Whole<VisitView>)))]
async fn handler(InSystem(scope): InSystem, support: Data<SupportService>) -> Answer {
    let running = support.running(&scope).await?;
    let data: Vec<VisitView> = running.iter().map(VisitView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ)
}
