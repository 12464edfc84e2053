//! POST /auth/passkeys/login/start: begins a sign-in with a passkey.

use actix_web::web;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_identity::passkey::PasskeyService;
use tenantry_kernel::EmailAddress;
use utoipa::ToSchema;

use crate::credential;
use crate::error::{Answer, ApiError};
use crate::extract::OptionalBody;
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// Who signs in, if that is known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeginPasskeySignIn)]
struct Body {
    /// The address. Only its person can finish then; the answer is the same whether there is one.
    #[serde(default)]
    email: Option<String>,
}

/// What the browser is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyRequest)]
struct View {
    /// To bring back with the answer, within five minutes.
    state: String,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON` and `navigator.credentials.get`.
    #[schema(value_type = Object)]
    options: Value,
}

/// Begins a sign-in with a passkey. No address is needed: the browser offers the passkeys that it has.
///
/// The same state also proves who a signed-in person is, at `POST /me/step-up`.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/login/start", operation_id = "auth_passkeys_login_start",
    tag = "auth", request_body = Option<Body>,
    responses((status = 200, description = "What the browser is asked.", body = View)))]
async fn handler(OptionalBody(body): OptionalBody<Body>, passkeys: web::Data<PasskeyService>) -> Answer {
    let email = body.and_then(|body| body.email).map(EmailAddress::try_from).transpose();
    let email = email.map_err(|reason| ApiError::invalid("email", &reason))?;
    let (options, state) = passkeys.begin_sign_in(email.as_ref()).await?;
    Ok(render::ok(&View {
        state: state.into_inner(),
        options: credential::options(&options)?,
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
