//! POST /tenants/{tenant}/api-keys

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::api_key::{ApiKeyService, CreateApiKey};
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::Clock;
use utoipa::ToSchema;

use super::MintedView;
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// What to call it.
    #[schema(example = "Production server")]
    name: String,
    /// What it may do, at most what its maker may; `*` is all of that.
    #[serde(default)]
    #[schema(example = json!(["usage.consume"]))]
    permissions: Vec<String>,
    /// Calls per minute; no limit of its own when absent.
    #[schema(example = 600)]
    rate_limit: Option<i64>,
    /// For how long; for ever when absent.
    #[schema(example = 90)]
    expires_in_days: Option<i64>,
    /// From which addresses or networks; anywhere when empty.
    #[serde(default)]
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_ips: Vec<String>,
    /// `live`, or `test` for a key that counts apart and never bills.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "live")]
    environment: Environment,
    /// `personal`: it never does more than its maker may, and ends with their membership. `tenant`: it is kept when
    /// its maker leaves. When absent, as its maker's own are: a member's are personal, a service account's its own.
    #[schema(example = "tenant")]
    kind: Option<String>,
    /// The service account that is to own it: it never does more than the account may, and ends with it.
    service_account: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Environment {
    #[default]
    Live,
    Test,
}

impl From<Body> for CreateApiKey {
    fn from(body: Body) -> Self {
        Self {
            name: body.name,
            permissions: body.permissions,
            rate_limit: body.rate_limit,
            expires_in_days: body.expires_in_days,
            allowed_ips: body.allowed_ips,
            live: body.environment == Environment::Live,
            kind: body.kind,
            service_account: body.service_account,
        }
    }
}

/// Makes a key. Its secret, `key`, is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/api-keys", operation_id = "api_keys_create", tag = "api keys",
    request_body = Body, responses((status = 201, description = "The key with its secret.", body = MintedView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let now = clock.now(&scope);
    let minted = keys.create(&scope, body.into()).await?;
    let location = format!("/api/v1/tenants/{}/api-keys/{}", scope.tenant_id(), minted.key.id());
    Ok(render::created(&location, &MintedView::at(&minted, now)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_MANAGE])
        .once()
        .step_up()
        .refuses(403, "permission_denied")
        .refuses(409, "too_many_api_keys")
}
