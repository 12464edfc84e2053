//! POST /auth/magic-link/redeem: the token of a mail for tokens.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{RedeemLink, SignInService};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::session::OutcomeView;

/// The token of the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RedeemMagicLink)]
struct Body {
    /// What stands after `token=` in the mail's link.
    token: String,
    /// What a remembered device kept.
    #[serde(default)]
    device_token: Option<String>,
    /// Remember this device for thirty days.
    #[serde(default)]
    remember_device: bool,
}

/// Signs a person in with the token of a mail, which also proves the address.
///
/// Where exactly one tenant lets people with an address at its domain in by themselves, the person may be a member of it
/// then: `GET /me/tenants` tells.
#[utoipa::path(post, path = "/api/v1/auth/magic-link/redeem", operation_id = "auth_magic_link_redeem", tag = "auth",
    request_body = Body,
    responses((status = 200, description = "The tokens, or what is missing.", body = OutcomeView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let request = RedeemLink {
        token: Secret::new(body.token),
        device: body.device_token.map(Secret::new),
        remember: body.remember_device,
    };
    let outcome = sign_in.redeem_link(request, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
        .refuses(403, "sign_in_method_not_allowed")
}
