//! DELETE /me/sessions/{id}: signs one device out.

use actix_web::web;
use tenantry_identity::session::SessionService;
use tenantry_kernel::SessionId;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, PathId, SignedIn};
use crate::render;
use crate::routes::Row;

/// Ends one session of the person.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", operation_id = "me_sessions_end", tag = "me",
    responses((status = 204, description = "Ended.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathId(id): PathId<SessionId>,
    CalledFrom(origin): CalledFrom,
    sessions: web::Data<SessionService>,
) -> Answer {
    sessions.end(&identified(&person, origin), id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().refuses(404, "not_found")
}
