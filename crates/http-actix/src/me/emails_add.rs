//! POST /me/emails: claims another address.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tenantry_identity::email::EmailService;
use tenantry_kernel::EmailAddress;
use utoipa::ToSchema;

use super::identified;
use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::routes::Row;
use crate::views::person::ClaimedView;

/// The address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddEmail, example = json!({"email": "ada@home.example"}))]
struct Body {
    /// The address.
    email: String,
}

/// Claims another address and mails a link to it.
///
/// The answer is the same whether the address is free or somebody else's; who follows the link is told. Claiming it
/// again sends another mail. Needs a log-in within the last ten minutes.
#[utoipa::path(post, path = "/api/v1/me/emails", operation_id = "me_emails_add", tag = "me", request_body = Body,
    responses((status = 202, description = "A mail is on its way.", body = ClaimedView)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    emails: web::Data<EmailService>,
) -> Answer {
    let email = EmailAddress::try_from(body.email).map_err(|reason| ApiError::invalid("email", &reason))?;
    let claimed = emails.add(&identified(&person, origin), &email).await?;
    Ok(HttpResponse::Accepted().json(ClaimedView::from(&claimed)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .pace(PaceClass::Guessable)
        .step_up()
        .refuses(409, "too_many_emails")
}
