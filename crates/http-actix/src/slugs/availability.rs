//! GET /slugs/{slug}/availability: whether a slug may be had.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_tenancy::tenant::service::{SlugAvailability, TenantService, Unavailable};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::PathText;
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

#[derive(Serialize, ToSchema)]
struct View {
    #[schema(example = false)]
    available: bool,
    /// Why not: `taken`, `reserved` or `invalid`.
    #[schema(example = "taken")]
    reason: Option<&'static str>,
    /// Free ones like it.
    #[schema(example = json!(["acme-2", "acme-hq"]))]
    suggestions: Vec<String>,
}

impl From<SlugAvailability> for View {
    fn from(found: SlugAvailability) -> Self {
        Self {
            available: found.available,
            reason: found.reason.map(Unavailable::as_str),
            suggestions: found.suggestions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Tells whether a slug may be had, and which like it may.
#[utoipa::path(get, path = "/api/v1/slugs/{slug}/availability", operation_id = "slugs_availability", tag = "tenants",
    responses((status = 200, description = "The answer.", body = View)))]
async fn handler(PathText(slug): PathText, tenants: Data<TenantService>) -> Answer {
    let found = tenants.availability(&slug).await?;
    Ok(render::ok(&View::from(found)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
