//! POST /me/mfa/recovery-codes: fresh ones.

use actix_web::web;
use tenantry_identity::factor::FactorService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::factor::CodesView;

/// Makes fresh recovery codes; the old ones are worth nothing from now on.
#[utoipa::path(post, path = "/api/v1/me/mfa/recovery-codes", operation_id = "me_recovery_codes_renew", tag = "me",
    responses((status = 200, description = "The codes, once.", body = CodesView)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    factors: web::Data<FactorService>,
) -> Answer {
    let codes = factors.renew_codes(&identified(&person, origin)).await?;
    Ok(render::ok(&CodesView::of(&codes)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(404, "not_found")
}
