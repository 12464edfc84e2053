//! POST /auth/refresh: the next pair of tokens.

use actix_web::web;
use serde::Deserialize;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::session::SignedInView;

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshTokenBody)]
struct Body {
    /// The token of the last answer.
    refresh_token: String,
}

/// Exchanges a refresh token for a new pair.
///
/// Each refresh token is good once. Presented again within ten seconds it answers with the same successor, so that
/// two tabs agree; later it ends the session, because somebody else holds it.
#[utoipa::path(post, path = "/api/v1/auth/refresh", operation_id = "auth_refresh", tag = "auth",
    request_body = Body, responses((status = 200, description = "The next tokens.", body = SignedInView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let signed_in = sign_in.refresh(&body.refresh_token, &origin).await?;
    Ok(render::ok(&SignedInView::of(&signed_in, &catalog)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .refuses(401, "invalid_refresh_token")
        .refuses(403, "mfa_required")
}
