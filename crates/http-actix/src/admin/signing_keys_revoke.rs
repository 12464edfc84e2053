//! DELETE /admin/signing-keys/{kid}: revokes a signing key.

use actix_web::web;
use tenantry_identity::signing_key::SigningKeyService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;

use crate::error::Answer;
use crate::extract::{InSystem, PathText};
use crate::render;
use crate::routes::Row;

/// Revokes a signing key at once: for a key that somebody may have seen.
///
/// Within a second no node believes a token that it signed; people and programs get new ones by refreshing. When it is
/// the key that signs, the next one takes over, and one is made when there is none. Verifiers that keep the key set
/// fetch it again for a key they do not know.
#[utoipa::path(delete, path = "/api/v1/admin/signing-keys/{kid}", operation_id = "admin_signing_keys_revoke",
    tag = "admin", responses((status = 204, description = "Revoked, now or before.")))]
async fn handler(InSystem(scope): InSystem, PathText(kid): PathText, keys: web::Data<SigningKeyService>) -> Answer {
    keys.revoke(&scope, &kid).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .step_up()
        .refuses(404, "not_found")
}
