//! DELETE /tenants/{tenant}/service-accounts/{id}/secrets/{secret}

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::{ClientSecretId, ServiceAccountService};
use tenantry_kernel::ServiceAccountId;

use super::{ServiceAccountView, answer};
use crate::error::{Answer, ApiError};
use crate::extract::{IfMatch, InTenant, PathId, PathText};
use crate::routes::Row;

/// Ends one secret at once. Tokens that were had with it live out their ten minutes.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/service-accounts/{id}/secrets/{secret}",
    operation_id = "service_accounts_secrets_drop", tag = "service accounts",
    responses((status = 200, description = "The account.", body = ServiceAccountView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ServiceAccountId>,
    PathText(secret): PathText,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let secret: ClientSecretId = secret.parse().map_err(|_| ApiError::not_found())?;
    let expected = wanted.version_of(id.as_uuid())?;
    Ok(answer(&accounts.drop_secret(&scope, id, secret, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .conditional()
}
