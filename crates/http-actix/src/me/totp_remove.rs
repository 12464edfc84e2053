//! DELETE /me/mfa/totp: removes the authenticator app.

use actix_web::web;
use tenantry_identity::factor::FactorService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// Removes the authenticator app. With the last factor the recovery codes go too.
#[utoipa::path(delete, path = "/api/v1/me/mfa/totp", operation_id = "me_totp_remove", tag = "me",
    responses((status = 204, description = "Removed.")))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    factors: web::Data<FactorService>,
) -> Answer {
    factors.remove_totp(&identified(&person, origin)).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(404, "not_found")
}
