//! DELETE /tenants/{tenant}/ownership/transfer

use actix_web::web::Data;
use tenantry_lifecycle::ownership::OwnershipService;
use tenantry_tenancy::permissions::TENANT_READ;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;

/// Takes the offer back, or turns it down. Owners may, and whom it is made to.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/ownership/transfer", operation_id = "ownership_cancel",
    tag = "ownership", responses((status = 204, description = "Nothing is offered any more.")))]
async fn handler(InTenant(scope): InTenant, ownership: Data<OwnershipService>) -> Answer {
    ownership.cancel(&scope).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([TENANT_READ])
        .refuses(404, "not_found")
}
