//! POST /auth/mfa/verify: the second factor of a sign-in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::{FieldError, Secret};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{ShownFactor, SignInService, Verify};
use utoipa::ToSchema;

use crate::credential::{self, Credential};
use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::session::OutcomeView;

/// A second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyMfa, example = json!({"mfa_token": "mfa_…", "method": "totp", "code": "123456"}))]
struct Body {
    /// The token of the answer that said `mfa_required`.
    mfa_token: String,
    /// What is shown: `totp`, `recovery_code` or `passkey`.
    #[schema(example = "totp")]
    method: String,
    /// The code, unless it is a passkey.
    #[serde(default)]
    code: Option<String>,
    /// What `navigator.credentials.get` answered to `passkey_request`, as JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credential: Option<Credential>,
    /// Remember this device for thirty days: it then needs no second factor.
    #[serde(default)]
    remember_device: bool,
}

/// What a body shows.
pub(crate) fn shown(
    method: &str,
    code: Option<String>,
    credential: Option<&Credential>,
) -> Result<ShownFactor, ApiError> {
    match (method, code, credential) {
        ("totp", Some(code), _) => Ok(ShownFactor::Totp(code)),
        ("recovery_code", Some(code), _) => Ok(ShownFactor::RecoveryCode(code)),
        ("passkey", _, Some(credential)) => Ok(ShownFactor::Passkey(credential::answer(credential))),
        ("totp" | "recovery_code", None, _) => Err(missing("code")),
        ("passkey", _, None) => Err(missing("credential")),
        _ => Err(ApiError::invalid("method", &"must be totp, recovery_code or passkey")),
    }
}

/// 422: a field that this method needs.
pub(crate) fn missing(field: &'static str) -> ApiError {
    ApiError::validation(vec![FieldError::new(field, "missing", "is missing")])
}

/// Shows the second factor of a sign-in that was answered with `mfa_required`.
///
/// The token is good once, for ten minutes and ten mistakes. A code is good once. After several wrong codes of the
/// authenticator app the person waits; passkeys and recovery codes do not.
///
/// Somebody whose password does not do any more gets `password_change_required` next, with another token.
#[utoipa::path(post, path = "/api/v1/auth/mfa/verify", operation_id = "auth_mfa_verify", tag = "auth",
    request_body = Body, responses((status = 200, description = "The tokens, or what is missing.", body = OutcomeView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let request = Verify {
        token: Secret::new(body.mfa_token),
        shown: shown(&body.method, body.code, body.credential.as_ref())?,
        remember: body.remember_device,
    };
    let outcome = sign_in.verify(request, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
        .refuses(401, "invalid_code")
        .refuses(401, "invalid_credentials")
        .refuses(429, "too_many_attempts")
}
