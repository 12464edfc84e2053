//! POST /oauth/token: an access token for a service account.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenantry_kernel::{DomainError as _, Secret};
use tenantry_lifecycle::oauth::{ClientCredentials, GrantError, IssuedToken, OAuthService};
use utoipa::ToSchema;

use super::{Refusal, refusal, unreadable};
use crate::error::Answer;
use crate::extract::CalledFrom;
use crate::form::Form;
use crate::pace::PaceClass;
use crate::routes::Row;

/// What a client asks for.
#[derive(Deserialize, ToSchema)]
#[schema(as = TokenRequest)]
struct Body {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: Option<String>,
    /// Names of permissions with spaces between; all that the account holds when absent.
    #[schema(example = "usage.read")]
    scope: Option<String>,
    /// The account's id, unless it is in the header `Authorization: Basic`.
    client_id: Option<String>,
    /// One of its secrets, unless it is in the header.
    client_secret: Option<String>,
}

/// A token (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
#[schema(as = TokenResponse)]
struct View {
    /// For every request, in `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Whole seconds until it expires. There is no refresh token: ask again.
    #[schema(example = 600)]
    expires_in: i64,
    /// What it may do, with spaces between.
    #[schema(example = "usage.read")]
    scope: String,
}

impl From<&IssuedToken> for View {
    fn from(issued: &IssuedToken) -> Self {
        Self {
            access_token: issued.access.expose().clone(),
            token_type: "Bearer",
            expires_in: issued.expires_in_s,
            scope: super::introspect::scope_text(&issued.permissions),
        }
    }
}

/// Issues an access token to a service account (RFC 6749, section 4.4).
///
/// The client shows its id and one of its secrets by HTTP Basic or in the body, not both.
#[utoipa::path(post, path = "/api/v1/oauth/token", operation_id = "oauth_token", tag = "oauth",
    request_body(content = Body, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token.", body = View),
        (status = 400, description = "The request is not as it should be.", body = Refusal),
        (status = 401, description = "The client is not believed.", body = Refusal)))]
async fn handler(
    request: HttpRequest,
    Form(body): Form<Body>,
    CalledFrom(origin): CalledFrom,
    oauth: Data<OAuthService>,
) -> Answer {
    let body = match body {
        Ok(body) => body,
        Err(cause) => return Ok(unreadable(cause)),
    };
    match body.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            return Ok(refusal(
                "unsupported_grant_type",
                "only client_credentials is known here",
            ));
        }
        None => return Ok(refusal("invalid_request", "grant_type is missing")),
    }
    let Some((client_id, client_secret)) = client(&request, &body) else {
        return Ok(refusal(
            "invalid_client",
            "the client must show its id and secret, by HTTP Basic or in the body",
        ));
    };
    let wanted = ClientCredentials {
        client_id,
        client_secret: Secret::new(client_secret),
        scope: body.scope,
    };
    match oauth.client_credentials(&wanted, &origin).await {
        Ok(issued) => Ok(HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(View::from(&issued))),
        Err(cause @ (GrantError::InvalidClient | GrantError::Suspended | GrantError::InvalidScope(_))) => {
            Ok(refusal(cause.code(), cause.to_string()))
        }
        Err(cause) => Err(cause.into()),
    }
}

/// Id and secret from the header or from the body; `None` when neither or both are there.
fn client(request: &HttpRequest, body: &Body) -> Option<(String, String)> {
    let in_body = body.client_id.clone().zip(body.client_secret.clone());
    match request.headers().get(header::AUTHORIZATION) {
        None => in_body,
        Some(_) if body.client_secret.is_some() => None,
        Some(shown) => {
            let (scheme, encoded) = shown.to_str().ok()?.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("basic") {
                return None;
            }
            let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (id, secret) = decoded.split_once(':')?;
            let (id, secret) = (unescaped(id), unescaped(secret));
            // An id in the body as well must be the same one (RFC 6749, section 3.2.1).
            let same = body.client_id.as_ref().is_none_or(|named| *named == id);
            same.then_some((id, secret))
        }
    }
}

/// Ids and secrets are form-encoded before they go into the header (RFC 6749, section 2.3.1).
fn unescaped(text: &str) -> String {
    let mut parsed = form_urlencoded::parse(text.as_bytes());
    parsed.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
