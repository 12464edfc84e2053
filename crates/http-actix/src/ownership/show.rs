//! GET /tenants/{tenant}/ownership/transfer

use actix_web::web::Data;
use tenantry_lifecycle::ownership::OwnershipService;
use tenantry_tenancy::permissions::TENANT_READ;

use super::TransferView;
use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;

/// Shows the offer that waits, to owners and to whom it is made.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/ownership/transfer", operation_id = "ownership_show",
    tag = "ownership", responses((status = 200, description = "The offer.", body = TransferView)))]
async fn handler(InTenant(scope): InTenant, ownership: Data<OwnershipService>) -> Answer {
    Ok(render::ok(&TransferView::from(&ownership.pending(&scope).await?)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([TENANT_READ])
        .refuses(404, "not_found")
}
