//! POST /auth/password/reset: a new password with the token of a mail.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::password::PasswordService;
use tenantry_kernel::Secret;
use tenantry_lifecycle::joining::Newcomers;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResetPassword)]
struct Body {
    /// What stands after `token=` in the mail's link.
    token: String,
    /// The new password, as the installation and the person's tenants ask.
    #[schema(format = Password)]
    password: String,
}

/// Sets a password with the token of a mail.
///
/// Works for forgotten and for first passwords. Proves the address, and ends every session of the person. Where exactly one
/// tenant lets people with an address at its domain in by themselves, the person is a member of it then.
#[utoipa::path(post, path = "/api/v1/auth/password/reset", operation_id = "auth_password_reset", tag = "auth",
    request_body = Body, responses((status = 204, description = "The password is set.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    passwords: web::Data<PasswordService>,
    newcomers: web::Data<dyn Newcomers>,
) -> Answer {
    let reset = passwords
        .reset(&body.token, Secret::new(body.password), &origin)
        .await?;
    if let Some(email) = &reset.newly_held {
        newcomers.newly_held(reset.user, email, &origin).await;
    }
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
        .refuses(409, "email_taken")
}
