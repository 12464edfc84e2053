//! POST /me/tenants/{tenant}/switch: goes on in another tenant.

use actix_web::web;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::SignInService;

use crate::error::Answer;
use crate::extract::{CalledFrom, PathText, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::session::OutcomeView;

/// Opens a session in another tenant of the same person, without a new password.
///
/// A tenant that wants a second factor is shown one first: the answer is then that of `POST /auth/login`.
#[utoipa::path(post, path = "/api/v1/me/tenants/{tenant}/switch", operation_id = "me_switch", tag = "me",
    responses((status = 200, description = "Tokens for that tenant, or what is missing.", body = OutcomeView)))]
async fn handler(
    SignedIn(person): SignedIn,
    PathText(tenant): PathText,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let outcome = sign_in.switch(&person, &tenant, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .refuses(403, "address_not_allowed")
        .refuses(404, "not_found")
}
