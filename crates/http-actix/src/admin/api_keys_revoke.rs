//! DELETE /admin/api-keys/{id}: ends a platform key.

use actix_web::web;
use tenantry_identity::platform_key::PlatformKeyService;
use tenantry_kernel::PlatformKeyId;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;

use crate::error::Answer;
use crate::extract::{IfMatch, InSystem, PathId};
use crate::render;
use crate::routes::Row;

/// Revokes a platform key: within a second it works nowhere.
#[utoipa::path(delete, path = "/api/v1/admin/api-keys/{id}", operation_id = "admin_api_keys_revoke", tag = "admin",
    responses((status = 204, description = "Revoked.")))]
async fn handler(
    InSystem(scope): InSystem,
    PathId(id): PathId<PlatformKeyId>,
    IfMatch(wanted): IfMatch,
    keys: web::Data<PlatformKeyService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    keys.revoke(&scope, id, expected).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_MANAGE).conditional()
}
