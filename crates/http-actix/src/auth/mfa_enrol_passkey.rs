//! POST /auth/mfa/enrol/passkey: begins with a passkey on the way in.

use actix_web::web;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_kernel::Secret;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::credential;
use crate::error::Answer;
use crate::extract::JsonBody;
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// A sign-in that waits for an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnrolPasskeyAtSignIn)]
struct Body {
    /// The token of the answer that said `mfa_enrolment_required`.
    mfa_token: String,
}

/// What the browser is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyCreation)]
struct View {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.
    #[schema(value_type = Object)]
    options: Value,
}

/// Begins the registration of a passkey during a sign-in that was answered with `mfa_enrolment_required`.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/passkey", operation_id = "auth_mfa_enrol_passkey", tag = "auth",
    request_body = Body, responses((status = 200, description = "What the browser is asked.", body = View)))]
async fn handler(JsonBody(body): JsonBody<Body>, sign_in: web::Data<SignInService>) -> Answer {
    let options = sign_in.begin_passkey(&Secret::new(body.mfa_token)).await?;
    Ok(render::ok(&View {
        options: credential::options(&options)?,
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
}
