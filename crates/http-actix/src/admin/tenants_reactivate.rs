//! POST /admin/tenants/{id}/reactivate: opens a suspended tenant again.

use actix_web::web;
use tenantry_kernel::TenantId;
use tenantry_lifecycle::operators::OperatorService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;

use crate::error::Answer;
use crate::extract::{InSystem, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::tenant::TenantView;

/// Opens a suspended tenant again.
#[utoipa::path(post, path = "/api/v1/admin/tenants/{id}/reactivate", operation_id = "admin_tenants_reactivate",
    tag = "admin", responses((status = 200, description = "The tenant.", body = TenantView)))]
async fn handler(
    InSystem(scope): InSystem,
    PathId(id): PathId<TenantId>,
    operators: web::Data<OperatorService>,
) -> Answer {
    let tenant = operators.reactivate(&scope, id).await?;
    Ok(render::single(
        id.as_uuid(),
        tenant.version(),
        &TenantView::from(&tenant),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .once()
        .refuses(404, "not_found")
        .refuses(409, "tenant_already_active")
}
