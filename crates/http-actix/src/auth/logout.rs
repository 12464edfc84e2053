//! POST /auth/logout: ends a session.

use actix_web::web;
use serde::Deserialize;
use tenantry_lifecycle::sign_in::SignInService;
use tenantry_lifecycle::support::SupportService;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, MaybeSignedIn, MaybeSupport, OptionalBody};
use crate::render;
use crate::routes::Row;

/// Which session to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogOut)]
struct Body {
    /// A refresh token of the session; the access token's own session when absent.
    #[serde(default)]
    refresh_token: Option<String>,
}

/// Signs out.
///
/// The session's tokens stop working on every node within a second. Signing out twice is no error.
#[utoipa::path(post, path = "/api/v1/auth/logout", operation_id = "auth_logout", tag = "auth",
    request_body = Option<Body>, responses((status = 204, description = "Signed out.")))]
async fn handler(
    OptionalBody(body): OptionalBody<Body>,
    MaybeSignedIn(person): MaybeSignedIn,
    MaybeSupport(visit): MaybeSupport,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    support: web::Data<SupportService>,
) -> Answer {
    if let Some(visit) = visit {
        support.leave(visit.0.tenant, visit.0.id, &origin).await?;
        return Ok(render::nothing());
    }
    match (body.and_then(|body| body.refresh_token), person) {
        (Some(token), _) => sign_in.log_out_with(&token, &origin).await?,
        (None, Some(person)) => sign_in.log_out(person.user, person.session, &origin).await?,
        (None, None) => return Err(ApiError::not_authenticated()),
    }
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).public_or_person().for_support()
}
