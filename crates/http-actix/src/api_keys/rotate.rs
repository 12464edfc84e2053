//! POST /tenants/{tenant}/api-keys/{id}/rotate

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::ApiKeyId;

use super::MintedView;
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Replaces a key's secret. The old one dies at once; the new one is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/api-keys/{id}/rotate", operation_id = "api_keys_rotate",
    tag = "api keys", responses((status = 200, description = "The key with its new secret.", body = MintedView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    IfMatch(wanted): IfMatch,
    keys: Data<ApiKeyService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let minted = keys.rotate(&scope, id, expected).await?;
    Ok(render::single(
        id.as_uuid(),
        minted.key.version(),
        &MintedView::from(&minted),
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
