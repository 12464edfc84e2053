//! PATCH /tenants/{tenant}/api-keys/{id}

use actix_web::web::Data;
use serde::{Deserialize, Deserializer};
use tenantry_identity::api_key::{ApiKeyService, ChangeApiKey};
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::{ApiKeyId, Clock};
use utoipa::ToSchema;

use super::{ApiKeyView, answer};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, JsonBody, PathId};
use crate::routes::Row;

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeApiKey)]
struct Body {
    /// What to call it.
    #[schema(example = "Production server")]
    name: Option<String>,
    /// From which addresses or networks; anywhere when empty.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_ips: Option<Vec<String>>,
    /// Calls per minute; null is no limit of its own.
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(value_type = Option<i64>, example = 600)]
    rate_limit: Option<Option<i64>>,
}

/// Tells null from a field that is not there.
fn mentioned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Changes a key's name, addresses or pace. What it may do stays as it was made.
#[utoipa::path(patch, path = "/api/v1/tenants/{tenant}/api-keys/{id}", operation_id = "api_keys_change",
    tag = "api keys", request_body = Body, responses((status = 200, description = "The key.", body = ApiKeyView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<ApiKeyId>,
    IfMatch(wanted): IfMatch,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let request = ChangeApiKey {
        name: body.name,
        allowed_ips: body.allowed_ips,
        rate_limit: body.rate_limit,
    };
    let changed = keys.change(&scope, id, request, expected).await?;
    Ok(answer(&changed, clock.now(&scope)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_MANAGE]).conditional()
}
