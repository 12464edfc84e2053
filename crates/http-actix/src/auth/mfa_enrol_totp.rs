//! POST /auth/mfa/enrol/totp: begins with an authenticator app on the way in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::factor::EnrolmentView;

/// A sign-in that waits for an enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnrolTotpAtSignIn)]
struct Body {
    /// The token of the answer that said `mfa_enrolment_required`.
    mfa_token: String,
}

/// Begins the enrolment of an authenticator app during a sign-in that was answered with `mfa_enrolment_required`.
///
/// Begun again it has another secret; only the last one can be confirmed.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/totp", operation_id = "auth_mfa_enrol_totp", tag = "auth",
    request_body = Body, responses((status = 200, description = "What the app is given, once.", body = EnrolmentView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
) -> Answer {
    let enrolment = sign_in.begin_totp(&Secret::new(body.mfa_token), &origin).await?;
    Ok(render::ok(&EnrolmentView::of(&enrolment)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
        .refuses(409, "totp_enrolled")
}
