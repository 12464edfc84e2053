//! POST /tenants/{tenant}/api-keys/{id}/rotate

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::{ApiKeyId, Clock};
use utoipa::ToSchema;

use super::MintedView;
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;

/// How the old secret ends.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateApiKey)]
struct Body {
    /// For how long the old secret stays good, at most seven days; not at all when absent.
    #[schema(example = 86_400)]
    overlap_seconds: Option<i64>,
}

/// Replaces a key's secret. The old one dies at once, or after the overlap that is asked for; the new one is in this
/// answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/api-keys/{id}/rotate", operation_id = "api_keys_rotate",
    tag = "api keys", request_body = Option<Body>,
    responses((status = 200, description = "The key with its new secret.", body = MintedView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<ApiKeyId>,
    IfMatch(wanted): IfMatch,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let overlap_s = body.unwrap_or_default().overlap_seconds;
    let minted = keys.rotate(&scope, id, overlap_s, expected).await?;
    Ok(render::single(
        id.as_uuid(),
        minted.key.version(),
        &MintedView::at(&minted, clock.now(&scope)),
    ))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_MANAGE])
        .once()
        .step_up()
        .conditional()
        .refuses(409, "api_key_expired")
}
