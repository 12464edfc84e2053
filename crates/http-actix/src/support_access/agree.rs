//! POST /tenants/{tenant}/support-access: agrees to support access.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::roles::SUPPORT_ACCESS_MANAGE;
use tenantry_lifecycle::support::SupportService;
use utoipa::ToSchema;

use super::ConsentView;
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgreeToSupport)]
struct Body {
    /// For how many hours, 1 to 336.
    #[schema(example = 24)]
    hours: i64,
}

/// Agrees to support access for some hours. It matters where the tenant's security policy asks for consent.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/support-access", operation_id = "support_access_agree",
    tag = "support access", request_body = Body,
    responses((status = 201, description = "The consent.", body = ConsentView)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, support: Data<SupportService>) -> Answer {
    let consent = support.agree(&scope, body.hours).await?;
    let location = format!("/api/v1/tenants/{}/support-access", scope.tenant_id());
    Ok(render::created(&location, &ConsentView::at(&consent, consent.given_at)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SUPPORT_ACCESS_MANAGE]).once()
}
