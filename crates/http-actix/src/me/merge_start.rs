//! POST /me/merge/start: a token for taking another account of one's own in.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_lifecycle::people::PeopleService;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::routes::Row;

/// The other account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskToMerge, example = json!({"email": "ada@old.example"}))]
struct Body {
    /// One of its addresses.
    email: String,
}

/// Mails a token to the primary address of another account, by which the signed-in person takes it in.
///
/// The answer is the same whether the address exists or not. Needs a log-in within the last ten minutes.
#[utoipa::path(post, path = "/api/v1/me/merge/start", operation_id = "me_merge_start", tag = "me", request_body = Body,
    responses((status = 202, description = "If the account exists, a mail is on its way.")))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    let email = EmailAddress::try_from(body.email).map_err(|reason| ApiError::invalid("email", &reason))?;
    people.ask_to_merge(&person, &email, &origin).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .pace(PaceClass::Guessable)
        .step_up()
}
