//! POST /me/passkeys/register/start: begins the registration of a passkey.

use actix_web::web;
use serde::Serialize;
use serde_json::Value;
use tenantry_identity::passkey::PasskeyService;
use utoipa::ToSchema;

use super::identified;
use crate::credential;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// What the browser is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyRegistrationBegun)]
struct View {
    /// To bring back with the answer, within five minutes.
    state: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.
    #[schema(value_type = Object)]
    options: Value,
}

/// Begins the registration of a passkey.
#[utoipa::path(post, path = "/api/v1/me/passkeys/register/start", operation_id = "me_passkeys_register_start",
    tag = "me", responses((status = 200, description = "What the browser is asked.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    passkeys: web::Data<PasskeyService>,
) -> Answer {
    let (options, state) = passkeys.begin(&identified(&person, origin)).await?;
    Ok(render::ok(&View {
        state: state.into_inner(),
        options: credential::options(&options)?,
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(409, "too_many_passkeys")
}
