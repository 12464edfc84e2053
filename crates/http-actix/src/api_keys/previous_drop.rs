//! DELETE /tenants/{tenant}/api-keys/{id}/previous-secret

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::{ApiKeyId, Clock};

use super::{ApiKeyView, answer};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::routes::Row;

/// Ends the overlap of a rotation early: the old secret is worth nothing within a second.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/api-keys/{id}/previous-secret",
    operation_id = "api_keys_previous_drop", tag = "api keys",
    responses((status = 200, description = "The key.", body = ApiKeyView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    IfMatch(wanted): IfMatch,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let key = keys.drop_previous(&scope, id, expected).await?;
    Ok(answer(&key, clock.now(&scope)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_MANAGE]).conditional()
}
