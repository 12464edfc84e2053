//! POST /auth/account/keep: calls the erasure of oneself off, by a letter.

use actix_web::web;
use serde::Deserialize;
use tenantry_lifecycle::people::PeopleService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// The token of the letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeepAccount)]
struct Body {
    /// What stands after `token=` in the letter's link.
    token: String,
}

/// Calls the erasure off that the person asked for.
#[utoipa::path(post, path = "/api/v1/auth/account/keep", operation_id = "auth_account_keep", tag = "auth",
    request_body = Body, responses((status = 204, description = "The person stays.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    people.keep_with(&body.token, &origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
}
