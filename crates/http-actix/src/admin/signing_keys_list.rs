//! GET /admin/signing-keys: the keys that sign access tokens.

use actix_web::web;
use serde::Serialize;
use tenantry_identity::signing_key::SigningKeyService;
use tenantry_lifecycle::roles::PLATFORM_READ;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InSystem;
use crate::render;
use crate::routes::Row;
use crate::views::signing_key::SigningKeyView;

/// All of them: one is made every few weeks.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKeys)]
struct View {
    /// The youngest first.
    data: Vec<SigningKeyView>,
}

/// Lists the signing keys there ever were, the youngest first, without anything secret.
#[utoipa::path(get, path = "/api/v1/admin/signing-keys", operation_id = "admin_signing_keys_list", tag = "admin",
    responses((status = 200, description = "The keys.", body = View)))]
async fn handler(InSystem(scope): InSystem, keys: web::Data<SigningKeyService>) -> Answer {
    let (keys, now) = keys.list(&scope).await?;
    let data = keys.iter().map(|life| SigningKeyView::at(life, now)).collect();
    Ok(render::ok(&View { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ)
}
