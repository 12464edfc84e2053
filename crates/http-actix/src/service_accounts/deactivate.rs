//! POST /tenants/{tenant}/service-accounts/{id}/deactivate

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_kernel::ServiceAccountId;

use super::{ServiceAccountView, answer};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::routes::Row;

/// Deactivates a service account: within a second its tokens and keys are worth nothing, until it is reactivated.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/service-accounts/{id}/deactivate",
    operation_id = "service_accounts_deactivate", tag = "service accounts",
    responses((status = 200, description = "The account.", body = ServiceAccountView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ServiceAccountId>,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    Ok(answer(&accounts.deactivate(&scope, id, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .conditional()
}
