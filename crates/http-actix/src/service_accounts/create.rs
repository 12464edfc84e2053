//! POST /tenants/{tenant}/service-accounts

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::{CreateServiceAccount, ServiceAccountService};
use utoipa::ToSchema;

use super::MintedView;
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A service account to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateServiceAccount)]
struct Body {
    /// What to call it.
    #[schema(example = "Nightly import")]
    name: String,
    /// What it may do, at most what its maker may; `*` is all of that.
    #[serde(default)]
    #[schema(example = json!(["usage.consume"]))]
    permissions: Vec<String>,
}

/// Makes a service account: a program that is the tenant's own, takes no seat, and outlives whoever set it up.
///
/// Its first secret, `client_secret`, is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/service-accounts", operation_id = "service_accounts_create",
    tag = "service accounts", request_body = Body,
    responses((status = 201, description = "The account with its first secret.", body = MintedView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let request = CreateServiceAccount {
        name: body.name,
        permissions: body.permissions,
    };
    let minted = accounts.create(&scope, request).await?;
    let (tenant, id) = (scope.tenant_id(), minted.account.id());
    let location = format!("/api/v1/tenants/{tenant}/service-accounts/{id}");
    Ok(render::created(&location, &MintedView::from(&minted)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .once()
        .step_up()
        .refuses(409, "too_many_service_accounts")
}
