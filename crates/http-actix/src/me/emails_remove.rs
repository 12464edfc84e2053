//! DELETE /me/emails/{id}: gives an address up.

use actix_web::web;
use tenantry_identity::email::{EmailId, EmailService};

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, PathId, SignedIn};
use crate::render;
use crate::routes::Row;

/// Removes an address: not the primary one, nor the last verified one, nor one that was primary until a short while
/// ago. Needs a log-in within the last ten minutes.
#[utoipa::path(delete, path = "/api/v1/me/emails/{id}", operation_id = "me_emails_remove", tag = "me",
    responses((status = 204, description = "Gone.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathId(id): PathId<EmailId>,
    CalledFrom(origin): CalledFrom,
    emails: web::Data<EmailService>,
) -> Answer {
    emails.remove(&identified(&person, origin), id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(404, "not_found")
        .refuses(409, "email_primary")
        .refuses(409, "email_recently_primary")
        .refuses(409, "last_verified_email")
}
