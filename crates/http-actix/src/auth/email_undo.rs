//! POST /auth/email/undo: brings the former primary address back.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::email::EmailService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// The token of the letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UndoEmailChange)]
struct Body {
    /// What stands after `token=` in the letter's link.
    token: String,
}

/// Brings the former primary address back, within 72 hours of the change.
///
/// Every session of the person ends, and the addresses that were verified with the change or after it are gone.
#[utoipa::path(post, path = "/api/v1/auth/email/undo", operation_id = "auth_email_undo", tag = "auth",
    request_body = Body, responses((status = 204, description = "The former address is the primary one again.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    emails: web::Data<EmailService>,
) -> Answer {
    emails.undo(&body.token, &origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
}
