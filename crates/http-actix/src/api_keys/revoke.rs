//! DELETE /tenants/{tenant}/api-keys/{id}

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::ApiKeyId;

use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Revokes a key: within a second it works nowhere.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/api-keys/{id}", operation_id = "api_keys_revoke",
    tag = "api keys", responses((status = 204, description = "Revoked.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    IfMatch(wanted): IfMatch,
    keys: Data<ApiKeyService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    keys.revoke(&scope, id, expected).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_MANAGE]).conditional()
}
