//! PATCH /tenants/{tenant}/service-accounts/{id}

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::{ChangeServiceAccount, ServiceAccountService};
use tenantry_kernel::ServiceAccountId;
use utoipa::ToSchema;

use super::{ServiceAccountView, answer};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, JsonBody, PathId};
use crate::routes::Row;

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeServiceAccount)]
struct Body {
    /// What to call it.
    #[schema(example = "Nightly import")]
    name: Option<String>,
    /// What it may do. What it holds already it may keep; what is new the caller must hold.
    #[schema(example = json!(["usage.consume"]))]
    permissions: Option<Vec<String>>,
}

/// Changes a service account. What it may do any more counts within a second.
#[utoipa::path(patch, path = "/api/v1/tenants/{tenant}/service-accounts/{id}",
    operation_id = "service_accounts_change", tag = "service accounts", request_body = Body,
    responses((status = 200, description = "The account.", body = ServiceAccountView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<ServiceAccountId>,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let request = ChangeServiceAccount {
        name: body.name,
        permissions: body.permissions,
    };
    Ok(answer(&accounts.change(&scope, id, request, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .conditional()
}
