//! POST /admin/api-keys: makes a platform key.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::platform_key::{CreatePlatformKey, PlatformKeyService};
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InSystem, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::platform_key::MintedPlatformKeyView;

/// A platform key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatePlatformKey, example = json!({"name": "Edge gateway", "allowed_ips": ["203.0.113.0/24"]}))]
struct Body {
    /// What to call it.
    name: String,
    /// What it may do; when absent, all that a platform key can: `api_keys.verify`.
    #[serde(default)]
    permissions: Option<Vec<String>>,
    /// For how many days; for ever when absent, unless the catalog says how long keys live.
    #[serde(default)]
    expires_in_days: Option<i64>,
    /// Addresses and networks it may be used from; anywhere when empty.
    #[serde(default)]
    allowed_ips: Vec<String>,
}

/// Makes a platform key, for a gateway that verifies the keys of all tenants.
///
/// Its secret, `key`, is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/admin/api-keys", operation_id = "admin_api_keys_create", tag = "admin",
    request_body = Body, responses((status = 201, description = "The key with its secret.", body = MintedPlatformKeyView)))]
async fn handler(
    InSystem(scope): InSystem,
    JsonBody(body): JsonBody<Body>,
    keys: web::Data<PlatformKeyService>,
) -> Answer {
    let request = CreatePlatformKey {
        name: body.name,
        permissions: body.permissions,
        expires_in_days: body.expires_in_days,
        allowed_ips: body.allowed_ips,
    };
    let minted = keys.create(&scope, request).await?;
    let location = format!("/api/v1/admin/api-keys/{}", minted.key.id());
    Ok(render::created(&location, &MintedPlatformKeyView::from(&minted)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .once()
        .step_up()
}
