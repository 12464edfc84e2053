//! POST /oauth/introspect: what a token is good for.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_identity::permissions::TOKENS_INTROSPECT;
use tenantry_kernel::PermissionSet;
use tenantry_lifecycle::oauth::{Introspected, OAuthService};
use tenantry_quotas::rate::RouteClass;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::Gateway;
use crate::form::{Form, NoForm};
use crate::render;
use crate::routes::Row;

/// The question.
#[derive(Deserialize, ToSchema)]
#[schema(as = IntrospectionRequest)]
struct Body {
    /// An access token, a refresh token or an API key.
    #[schema(example = "eyJ…")]
    token: String,
    /// What kind it may be; every token says it by itself.
    #[schema(example = "access_token")]
    #[expect(dead_code, reason = "a hint that is not needed (RFC 7662, section 2.1)")]
    token_type_hint: Option<String>,
}

/// Who acts, where the subject is somebody else (RFC 8693, section 4.1).
#[derive(Serialize, ToSchema)]
#[schema(as = TokenActor)]
struct ActorView {
    /// Their person's id.
    sub: String,
}

/// The answer. Of a token that is not good, or that is another tenant's, it says `active: false` and nothing more.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Introspection)]
struct View {
    /// True when the token is good now.
    #[schema(example = true)]
    active: bool,
    /// `access_token`, `refresh_token` or `api_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "access_token")]
    token_kind: Option<&'static str>,
    /// `Bearer`, for what is shown with requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bearer")]
    token_type: Option<&'static str>,
    /// What its bearer may do now, with spaces between.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "usage.read")]
    scope: Option<String>,
    /// To which client it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Whom it speaks of: a person, a service account or a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// Until when, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1_772_366_400)]
    exp: Option<i64>,
    /// Since when, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1_772_365_800)]
    iat: Option<i64>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    /// What makes it unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// The tenant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// The member's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<String>,
    /// The session's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// Who acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<ActorView>,
}

impl From<Introspected> for View {
    fn from(told: Introspected) -> Self {
        let is_refresh = told.kind.as_str() == "refresh_token";
        let (iss, aud) = told.issuer.unzip();
        Self {
            active: true,
            token_kind: Some(told.kind.as_str()),
            token_type: (!is_refresh).then_some("Bearer"),
            scope: (!is_refresh).then(|| scope_text(&told.permissions)),
            client_id: Some(told.client_id),
            sub: Some(told.subject),
            exp: told.expires_at.map(time::OffsetDateTime::unix_timestamp),
            iat: Some(told.issued_at.unix_timestamp()),
            iss,
            aud,
            jti: told.jti.map(|jti| jti.to_string()),
            tenant: told.tenant.map(|tenant| tenant.to_string()),
            membership: told.membership.map(|membership| membership.to_string()),
            sid: told.session.map(|session| session.to_string()),
            act: told.actor.map(|actor| ActorView { sub: actor.to_string() }),
        }
    }
}

/// Permissions as a scope.
pub(super) fn scope_text(permissions: &PermissionSet) -> String {
    let names: Vec<&str> = permissions.iter().map(tenantry_kernel::Permission::as_str).collect();
    names.join(" ")
}

/// Tells what a token is good for, now (RFC 7662).
///
/// For services that hold a key or a token with `tokens.introspect`, about the tokens of their own tenant; a platform
/// key is told of all.
#[utoipa::path(post, path = "/api/v1/oauth/introspect", operation_id = "oauth_introspect", tag = "oauth",
    request_body(content = Body, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The answer.", body = View)))]
async fn handler(gateway: Gateway, Form(body): Form<Body>, oauth: Data<OAuthService>) -> Answer {
    let body = body.map_err(|cause| match cause {
        NoForm::Type => ApiError::new(
            actix_web::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body must be application/x-www-form-urlencoded, uncompressed",
        ),
        NoForm::Shape(cause) => ApiError::invalid("token", &cause),
    })?;
    let told = match gateway {
        Gateway::Tenant(scope) => oauth.introspect(&scope, &body.token).await?,
        Gateway::Installation(scope) => oauth.introspect_any(&scope, &body.token).await?,
    };
    Ok(render::ok(&told.map(View::from).unwrap_or_default()))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .gateway(TOKENS_INTROSPECT)
        .class(RouteClass::Read)
}
