//! POST /me/mfa/totp: begins the enrolment of an authenticator app.

use actix_web::web;
use tenantry_identity::factor::FactorService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::factor::EnrolmentView;

/// Begins the enrolment of an authenticator app.
///
/// It counts once a first code was shown to `POST /me/mfa/totp/confirm`. Begun again it has another secret.
#[utoipa::path(post, path = "/api/v1/me/mfa/totp", operation_id = "me_totp_begin", tag = "me",
    responses((status = 200, description = "What the app is given, once.", body = EnrolmentView)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    factors: web::Data<FactorService>,
) -> Answer {
    let enrolment = factors.begin_totp(&identified(&person, origin)).await?;
    Ok(render::ok(&EnrolmentView::of(&enrolment)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(409, "totp_enrolled")
}
