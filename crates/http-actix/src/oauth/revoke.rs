//! POST /oauth/revoke: ends a token before its time.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::oauth::OAuthService;
use utoipa::ToSchema;

use super::{Refusal, unreadable};
use crate::error::Answer;
use crate::extract::CalledFrom;
use crate::form::Form;
use crate::pace::PaceClass;
use crate::routes::Row;

/// The token to end.
#[derive(Deserialize, ToSchema)]
#[schema(as = RevocationRequest)]
struct Body {
    /// An access token, a refresh token or an API key.
    #[schema(example = "rt_…")]
    token: String,
    /// What kind it may be; every token says it by itself.
    #[schema(example = "refresh_token")]
    #[expect(dead_code, reason = "a hint that is not needed (RFC 7009, section 2.1)")]
    token_type_hint: Option<String>,
}

/// Ends the token that is shown (RFC 7009). Within a second it is worth nothing on any node.
///
/// A person's token ends their session with all its tokens; a service account's ends by itself; an API key is revoked.
/// Whoever holds a token may end it, so whoever finds one that leaked can. A token that is unknown, or over, is
/// answered alike.
#[utoipa::path(post, path = "/api/v1/oauth/revoke", operation_id = "oauth_revoke", tag = "oauth",
    request_body(content = Body, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "It is worth nothing now."),
        (status = 400, description = "The request is not as it should be.", body = Refusal)))]
async fn handler(Form(body): Form<Body>, CalledFrom(origin): CalledFrom, oauth: Data<OAuthService>) -> Answer {
    let body = match body {
        Ok(body) => body,
        Err(cause) => return Ok(unreadable(cause)),
    };
    oauth.revoke(&body.token, &origin).await?;
    Ok(HttpResponse::Ok().finish())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
