//! POST /me/mfa/totp/confirm: the first code of an authenticator app.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::factor::FactorService;
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::factor::CodesView;

/// A first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmTotp, example = json!({"code": "123456"}))]
struct Body {
    /// A code that the app shows.
    code: String,
}

/// Makes the authenticator app count, from the next sign-in on. Answers the recovery codes, once.
///
/// The code is used up by it. Devices that were remembered are forgotten.
#[utoipa::path(post, path = "/api/v1/me/mfa/totp/confirm", operation_id = "me_totp_confirm", tag = "me",
    request_body = Body, responses((status = 200, description = "The recovery codes.", body = CodesView)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    factors: web::Data<FactorService>,
) -> Answer {
    let codes = factors.confirm_totp(&identified(&person, origin), &body.code).await?;
    Ok(render::ok(&CodesView::of(&codes)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .pace(PaceClass::Guessable)
        .refuses(401, "invalid_code")
        .refuses(409, "totp_not_begun")
        .refuses(409, "totp_enrolled")
}
