//! DELETE /me: asks to be erased.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use tenantry_lifecycle::people::PeopleService;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::routes::Row;

/// When it is done.
#[derive(Serialize, ToSchema)]
#[schema(as = ErasureScheduled)]
struct View {
    /// From then on nothing is left of the person.
    #[serde(with = "time::serde::rfc3339")]
    erase_at: OffsetDateTime,
}

/// Erases the person two weeks from now.
///
/// All their sessions end; a letter says how to call it off. Refused while they are the last owner of a tenant: the
/// problem lists those `tenants`. Needs a log-in within the last ten minutes.
#[utoipa::path(delete, path = "/api/v1/me", operation_id = "me_erase", tag = "me",
    responses((status = 202, description = "It is scheduled.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    let erase_at = people.request_erasure(&person, &origin).await?;
    Ok(HttpResponse::Accepted().json(View { erase_at }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(409, "last_owner")
}
