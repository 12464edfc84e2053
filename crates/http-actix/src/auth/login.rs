//! POST /auth/login: address and password for tokens.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::{EmailAddress, Secret};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{LogIn, SignInService};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{Addressed, CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::state::Api;
use crate::views::session::OutcomeView;

/// A log-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogIn, example = json!({"email": "ada@acme.example", "password": "correct horse battery"}))]
struct Body {
    /// The address.
    email: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
    /// The tenant wanted, by id or slug; the subdomain's or the person's first one when absent.
    #[serde(default)]
    tenant: Option<String>,
    /// What a remembered device kept.
    #[serde(default)]
    device_token: Option<String>,
    /// Remember this device for thirty days, where no second factor is asked for.
    #[serde(default)]
    remember_device: bool,
}

/// Signs a person in.
///
/// The answer never tells whether the address exists. Platform people get `tenant: null` unless they name one.
///
/// Somebody with a second factor gets `mfa_required` and an `mfa_token` for `POST /auth/mfa/verify` instead of tokens;
/// somebody without one, whose tenant wants one, `mfa_enrolment_required` and a token for `POST /auth/mfa/enrol/…`.
///
/// Somebody whose password does not meet any more what the installation and their tenants ask gets
/// `password_change_required` with the `reason`, and a token for `POST /auth/password/change`; after the second factor,
/// where there is one.
#[utoipa::path(post, path = "/api/v1/auth/login", operation_id = "auth_login", tag = "auth",
    request_body = Body, responses((status = 200, description = "The tokens, or what is missing.", body = OutcomeView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    Addressed(address): Addressed,
    CalledFrom(origin): CalledFrom,
    api: web::Data<Api>,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let addressed = api.doorman.public_tenant(&address).await?;
    let Ok(email) = EmailAddress::try_from(body.email) else {
        return Err(ApiError::invalid("email", &"must be an e-mail address"));
    };
    let request = LogIn {
        email,
        password: Secret::new(body.password),
        tenant: body.tenant.or_else(|| addressed.map(|tenant| tenant.to_string())),
        device: body.device_token.map(Secret::new),
        remember: body.remember_device,
    };
    let outcome = sign_in.log_in(request, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(403, "address_not_allowed")
        .refuses(401, "invalid_credentials")
        .refuses(403, "email_unverified")
        .refuses(403, "sign_in_method_not_allowed")
        .refuses(429, "too_many_attempts")
}
