//! GET /tenants/{tenant}/api-keys

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_READ;

use super::ApiKeyView;
use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Lists the keys that are not revoked, without their secrets.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/api-keys", operation_id = "api_keys_list", tag = "api keys",
    responses((status = 200, description = "A page of keys.", body = Listed<ApiKeyView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, keys: Data<ApiKeyService>) -> Answer {
    let page = keys.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|key| ApiKeyView::from(&key))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_READ]).paged()
}
