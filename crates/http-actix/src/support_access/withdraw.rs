//! DELETE /tenants/{tenant}/support-access/{id}: takes a consent back.

use actix_web::web::Data;
use tenantry_identity::support::ConsentId;
use tenantry_lifecycle::roles::SUPPORT_ACCESS_MANAGE;
use tenantry_lifecycle::support::SupportService;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Takes a consent back. Where the tenant's security policy asks for one, support is outside within a second.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/support-access/{id}",
    operation_id = "support_access_withdraw", tag = "support access",
    responses((status = 204, description = "Taken back.")))]
async fn handler(InTenant(scope): InTenant, PathId(id): PathId<ConsentId>, support: Data<SupportService>) -> Answer {
    support.withdraw(&scope, id).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SUPPORT_ACCESS_MANAGE])
}
