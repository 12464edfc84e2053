//! DELETE /tenants/{tenant}/service-accounts/{id}

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_kernel::ServiceAccountId;

use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Removes a service account for good: within a second its tokens and keys are worth nothing.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/service-accounts/{id}",
    operation_id = "service_accounts_remove", tag = "service accounts",
    responses((status = 204, description = "Removed.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ServiceAccountId>,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    accounts.remove(&scope, id, expected).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .conditional()
}
