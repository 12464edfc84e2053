//! GET /tenants/{tenant}/api-keys/{id}

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_READ;
use tenantry_kernel::{ApiKeyId, Clock};

use super::{ApiKeyView, answer};
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::routes::Row;

/// Shows a key, without its secret.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/api-keys/{id}", operation_id = "api_keys_show",
    tag = "api keys", responses((status = 200, description = "The key.", body = ApiKeyView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    Ok(answer(&keys.show(&scope, id).await?, clock.now(&scope)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_READ]).tagged()
}
