//! GET /tenants/{tenant}/service-accounts/{id}

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_READ;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_kernel::ServiceAccountId;

use super::{ServiceAccountView, answer};
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::routes::Row;

/// Shows a service account, without its secrets.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/service-accounts/{id}", operation_id = "service_accounts_show",
    tag = "service accounts", responses((status = 200, description = "The account.", body = ServiceAccountView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ServiceAccountId>,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    Ok(answer(&accounts.show(&scope, id).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_READ])
        .tagged()
}
