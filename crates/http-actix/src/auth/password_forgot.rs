//! POST /auth/password/forgot: asks for a reset mail.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tenantry_identity::password::PasswordService;
use tenantry_kernel::EmailAddress;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::routes::Row;

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgotPassword, example = json!({"email": "ada@acme.example"}))]
struct Body {
    /// The address.
    email: String,
}

/// Sends a mail to choose a new password.
///
/// The answer is the same whether the address exists or not.
#[utoipa::path(post, path = "/api/v1/auth/password/forgot", operation_id = "auth_password_forgot", tag = "auth",
    request_body = Body, responses((status = 202, description = "If the address is known, a mail is on its way.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    passwords: web::Data<PasswordService>,
) -> Answer {
    let email = EmailAddress::try_from(body.email).map_err(|reason| ApiError::invalid("email", &reason))?;
    passwords.forgot(&email, &origin).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
