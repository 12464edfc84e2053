//! POST /tenants/{tenant}/service-accounts/{id}/reactivate

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_kernel::ServiceAccountId;

use super::{ServiceAccountView, answer};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::routes::Row;

/// Reactivates a service account. Tokens of before stay void; secrets and keys work again.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/service-accounts/{id}/reactivate",
    operation_id = "service_accounts_reactivate", tag = "service accounts",
    responses((status = 200, description = "The account.", body = ServiceAccountView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ServiceAccountId>,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    Ok(answer(&accounts.reactivate(&scope, id, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .conditional()
}
