//! POST /tenants/{tenant}/ownership/transfer/accept

use actix_web::web::Data;
use tenantry_lifecycle::ownership::OwnershipService;
use tenantry_tenancy::permissions::TENANT_READ;

use super::HandedView;
use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;

/// Takes the tenant over, signed in as the member it is offered to.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/ownership/transfer/accept", operation_id = "ownership_accept",
    tag = "ownership", responses((status = 200, description = "The new owner and the former.", body = HandedView)))]
async fn handler(InTenant(scope): InTenant, ownership: Data<OwnershipService>) -> Answer {
    Ok(render::ok(&HandedView::from(&ownership.accept(&scope).await?)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([TENANT_READ])
        .step_up()
        .refuses(404, "not_found")
        .refuses(409, "member_not_active")
        .refuses(409, "transfer_void")
        .refuses(410, "transfer_gone")
}
