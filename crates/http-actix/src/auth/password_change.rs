//! POST /auth/password/change: another password on the way in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{ChooseAnother, SignInService};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::session::OutcomeView;

/// Another password in the place of one that does not do any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePasswordAtSignIn, example = json!({"mfa_token": "mfa_…", "new_password": "quiet marble lantern seven"}))]
struct Body {
    /// The token of the answer that said `password_change_required`.
    mfa_token: String,
    /// The other one, as the installation and the person's tenants ask.
    #[schema(format = Password)]
    new_password: String,
    /// Remember this device for thirty days.
    #[serde(default)]
    remember_device: bool,
}

/// Sets another password during a sign-in that was answered with `password_change_required`, and goes on.
///
/// Every other session of the person ends, and remembered devices are forgotten. A password that is refused leaves the
/// token good. Somebody without a second factor, whose tenant wants one, gets `mfa_enrolment_required` next.
#[utoipa::path(post, path = "/api/v1/auth/password/change", operation_id = "auth_password_change", tag = "auth",
    request_body = Body, responses((status = 200, description = "The tokens, or what is missing.", body = OutcomeView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let request = ChooseAnother {
        token: Secret::new(body.mfa_token),
        password: Secret::new(body.new_password),
        remember: body.remember_device,
    };
    let outcome = sign_in.choose_another(request, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "mfa_token_invalid")
        .refuses(401, "invalid_credentials")
}
