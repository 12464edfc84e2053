//! POST /admin/impersonate/{id}/end: ends a visit.

use actix_web::web::Data;
use tenantry_kernel::ImpersonationId;
use tenantry_lifecycle::roles::PLATFORM_READ;
use tenantry_lifecycle::support::SupportService;

use crate::error::Answer;
use crate::extract::{InSystem, PathId};
use crate::render;
use crate::routes::Row;

/// Ends a visit: one's own, or anybody's for those who manage the platform. Within a second its token is worth nothing.
#[utoipa::path(post, path = "/api/v1/admin/impersonate/{id}/end", operation_id = "admin_impersonate_end", tag = "admin",
    responses((status = 204, description = "Ended.")))]
async fn handler(
    InSystem(scope): InSystem,
    PathId(id): PathId<ImpersonationId>,
    support: Data<SupportService>,
) -> Answer {
    support.end(&scope, id).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_READ)
        .refuses(403, "permission_denied")
}
