//! GET /admin/api-keys: the platform keys.

use actix_web::web;
use tenantry_identity::platform_key::PlatformKeyService;
use tenantry_lifecycle::roles::PLATFORM_READ;

use crate::error::Answer;
use crate::extract::{InSystem, Paging};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::platform_key::PlatformKeyView;

/// Lists the platform keys that are not revoked, without their secrets, the youngest first.
#[utoipa::path(get, path = "/api/v1/admin/api-keys", operation_id = "admin_api_keys_list", tag = "admin",
    responses((status = 200, description = "A page of keys.", body = Listed<PlatformKeyView>)))]
async fn handler(InSystem(scope): InSystem, paging: Paging, keys: web::Data<PlatformKeyService>) -> Answer {
    let page = keys.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|key| PlatformKeyView::from(&key))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ).paged()
}
