//! POST /auth/mfa/enrol/passkey/finish: a first passkey, and in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::credential::{self, Credential};
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::session::SignedInView;

/// The passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeyAtSignIn)]
struct Body {
    /// The token of the answer that said `mfa_enrolment_required`.
    mfa_token: String,
    /// What the passkey is to be called.
    #[schema(example = "my laptop")]
    name: String,
    /// What `navigator.credentials.create` answered, as JSON.
    #[schema(value_type = Object)]
    credential: Credential,
    /// Remember this device for thirty days.
    #[serde(default)]
    remember_device: bool,
}

/// Registers the passkey, and goes on with the sign-in.
///
/// The answer has the recovery codes, once.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/passkey/finish", operation_id = "auth_mfa_enrol_passkey_finish",
    tag = "auth", request_body = Body, responses((status = 200, description = "The tokens.", body = SignedInView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let token = Secret::new(body.mfa_token);
    let answer = credential::answer(&body.credential);
    let signed_in = sign_in
        .finish_passkey(&token, (&body.name, &answer), body.remember_device, &origin)
        .await?;
    Ok(render::ok(&SignedInView::of(&signed_in, &catalog)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
        .refuses(401, "invalid_credentials")
        .refuses(409, "passkey_registered")
        .refuses(409, "too_many_passkeys")
}
