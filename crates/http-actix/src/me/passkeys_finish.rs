//! POST /me/passkeys/register/finish: a passkey that was made.

use actix_web::HttpResponse;
use actix_web::web;
use serde::{Deserialize, Serialize};
use tenantry_identity::passkey::PasskeyService;
use utoipa::ToSchema;

use super::identified;
use crate::credential::{self, Credential};
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::routes::Row;
use crate::views::factor::PasskeyView;

/// A passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeyRegistration)]
struct Body {
    /// The state of the beginning.
    state: String,
    /// What it is to be called: 1 to 60 characters.
    #[schema(example = "my laptop")]
    name: String,
    /// What `navigator.credentials.create` answered, as JSON.
    #[schema(value_type = Object)]
    credential: Credential,
}

/// The passkey.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyRegistered)]
struct View {
    /// The passkey.
    #[serde(flatten)]
    passkey: PasskeyView,
    /// Fresh recovery codes, once; when it is the first factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
}

/// Registers a passkey. It counts from the next sign-in on.
///
/// Devices that were remembered are forgotten.
#[utoipa::path(post, path = "/api/v1/me/passkeys/register/finish", operation_id = "me_passkeys_register_finish",
    tag = "me", request_body = Body, responses((status = 201, description = "The passkey.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    passkeys: web::Data<PasskeyService>,
) -> Answer {
    let person = identified(&person, origin);
    let answer = credential::answer(&body.credential);
    let done = passkeys.finish(&person, &body.state, &body.name, &answer).await?;
    Ok(HttpResponse::Created().json(View {
        passkey: PasskeyView::from(&done.passkey),
        recovery_codes: done
            .recovery_codes
            .into_iter()
            .map(tenantry_kernel::Secret::into_inner)
            .collect(),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(401, "ceremony_over")
        .refuses(409, "passkey_registered")
        .refuses(409, "too_many_passkeys")
}
