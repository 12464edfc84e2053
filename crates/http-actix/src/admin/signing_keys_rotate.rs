//! POST /admin/signing-keys/rotate: makes the next signing key.

use actix_web::web;
use tenantry_identity::signing_key::SigningKeyService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;

use crate::error::Answer;
use crate::extract::InSystem;
use crate::render;
use crate::routes::Row;
use crate::views::signing_key::SigningKeyView;

/// Makes and publishes the next signing key. It signs a day later, so that every verifier knows it in time; the former
/// one stays published until the last of its tokens has expired.
#[utoipa::path(post, path = "/api/v1/admin/signing-keys/rotate", operation_id = "admin_signing_keys_rotate",
    tag = "admin", responses((status = 201, description = "The next key.", body = SigningKeyView)))]
async fn handler(InSystem(scope): InSystem, keys: web::Data<SigningKeyService>) -> Answer {
    let next = keys.rotate(&scope).await?;
    let view = SigningKeyView::at(&next, next.key.created_at);
    Ok(render::created("/api/v1/admin/signing-keys", &view))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .step_up()
        .refuses(409, "signing_key_pending")
}
