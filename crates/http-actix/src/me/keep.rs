//! POST /me/keep: calls the erasure off.

use actix_web::web;
use tenantry_lifecycle::people::PeopleService;

use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// Calls the erasure of oneself off, after signing in once more.
#[utoipa::path(post, path = "/api/v1/me/keep", operation_id = "me_keep", tag = "me",
    responses((status = 204, description = "The person stays.")))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    people.keep(&person, &origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
