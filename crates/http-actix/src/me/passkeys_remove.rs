//! DELETE /me/passkeys/{id}: removes a passkey.

use actix_web::web;
use tenantry_identity::passkey::{PasskeyId, PasskeyService};

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, PathId, SignedIn};
use crate::render;
use crate::routes::Row;

/// Removes a passkey. With the last factor the recovery codes go too.
#[utoipa::path(delete, path = "/api/v1/me/passkeys/{id}", operation_id = "me_passkeys_remove", tag = "me",
    responses((status = 204, description = "Removed.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathId(id): PathId<PasskeyId>,
    CalledFrom(origin): CalledFrom,
    passkeys: web::Data<PasskeyService>,
) -> Answer {
    passkeys.remove(&identified(&person, origin), id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(404, "not_found")
}
