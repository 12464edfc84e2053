//! POST /me/password: another password, by somebody who knows the current one.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::password::{ChangePassword, PasswordService};
use tenantry_kernel::Secret;
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// The current and the next password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword)]
struct Body {
    /// The current one.
    #[schema(format = Password)]
    current_password: String,
    /// The next one, as the installation and the person's tenants ask.
    #[schema(format = Password)]
    new_password: String,
}

/// Changes the password. Every other session of the person ends.
#[utoipa::path(post, path = "/api/v1/me/password", operation_id = "me_password", tag = "me", request_body = Body,
    responses((status = 204, description = "Changed.")))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    passwords: web::Data<PasswordService>,
) -> Answer {
    let request = ChangePassword {
        current: Secret::new(body.current_password),
        new: Secret::new(body.new_password),
    };
    passwords.change(&identified(&person, origin), request).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .pace(PaceClass::Guessable)
        .refuses(429, "too_many_attempts")
}
