//! POST /tenants/{tenant}/service-accounts/{id}/secrets

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_MANAGE;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_kernel::ServiceAccountId;
use utoipa::ToSchema;

use super::MintedView;
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;

/// How the other secrets end.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddClientSecret)]
struct Body {
    /// For how long the other secrets stay good, at most seven days; 0 ends them at once. When absent they stay as
    /// they are.
    #[schema(example = 86_400)]
    overlap_seconds: Option<i64>,
}

/// Makes another secret. It is in this answer, as `client_secret`, and nowhere else.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/service-accounts/{id}/secrets",
    operation_id = "service_accounts_secrets_add", tag = "service accounts", request_body = Option<Body>,
    responses((status = 201, description = "The account with its new secret.", body = MintedView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<ServiceAccountId>,
    IfMatch(wanted): IfMatch,
    accounts: Data<ServiceAccountService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let overlap_s = body.unwrap_or_default().overlap_seconds;
    let minted = accounts.add_secret(&scope, id, overlap_s, expected).await?;
    let location = format!("/api/v1/tenants/{}/service-accounts/{id}", scope.tenant_id());
    Ok(render::created(&location, &MintedView::from(&minted)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SERVICE_ACCOUNTS_MANAGE])
        .once()
        .step_up()
        .conditional()
        .refuses(409, "too_many_client_secrets")
}
