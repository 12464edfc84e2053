//! DELETE /me/sessions: signs every other device out.

use actix_web::web;
use tenantry_identity::session::SessionService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// Ends every session of the person but the one that asks.
#[utoipa::path(delete, path = "/api/v1/me/sessions", operation_id = "me_sessions_end_others", tag = "me",
    responses((status = 204, description = "Ended.")))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    sessions: web::Data<SessionService>,
) -> Answer {
    sessions.end_others(&identified(&person, origin)).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
