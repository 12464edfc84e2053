//! POST /auth/mfa/enrol/totp/confirm: the first code of an authenticator app, and in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::session::SignedInView;

/// The first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmTotpAtSignIn)]
struct Body {
    /// The token of the answer that said `mfa_enrolment_required`.
    mfa_token: String,
    /// A code that the app shows.
    #[schema(example = "123456")]
    code: String,
    /// Remember this device for thirty days.
    #[serde(default)]
    remember_device: bool,
}

/// Confirms the authenticator app with a first code, and goes on with the sign-in.
///
/// The answer has the recovery codes, once.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/totp/confirm", operation_id = "auth_mfa_enrol_totp_confirm",
    tag = "auth", request_body = Body, responses((status = 200, description = "The tokens.", body = SignedInView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let token = Secret::new(body.mfa_token);
    let signed_in = sign_in
        .confirm_totp(&token, body.code, body.remember_device, &origin)
        .await?;
    Ok(render::ok(&SignedInView::of(&signed_in, &catalog)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
        .refuses(401, "invalid_code")
        .refuses(401, "invalid_credentials")
        .refuses(409, "totp_not_begun")
        .refuses(409, "totp_enrolled")
}
