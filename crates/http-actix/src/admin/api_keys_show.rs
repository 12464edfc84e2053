//! GET /admin/api-keys/{id}: one platform key.

use actix_web::web;
use tenantry_identity::platform_key::PlatformKeyService;
use tenantry_kernel::PlatformKeyId;
use tenantry_lifecycle::roles::PLATFORM_READ;

use crate::error::Answer;
use crate::extract::{InSystem, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::platform_key::PlatformKeyView;

/// Shows a platform key, without its secret.
#[utoipa::path(get, path = "/api/v1/admin/api-keys/{id}", operation_id = "admin_api_keys_show", tag = "admin",
    responses((status = 200, description = "The key.", body = PlatformKeyView)))]
async fn handler(
    InSystem(scope): InSystem,
    PathId(id): PathId<PlatformKeyId>,
    keys: web::Data<PlatformKeyService>,
) -> Answer {
    let key = keys.show(&scope, id).await?;
    Ok(render::single(
        id.as_uuid(),
        key.version(),
        &PlatformKeyView::from(&key),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ).tagged()
}
