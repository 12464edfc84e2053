//! POST /me/emails/{id}/make-primary: mail goes to another address.

use actix_web::web;
use tenantry_identity::email::{EmailId, EmailService};

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, PathId, SignedIn};
use crate::render;
use crate::routes::Row;

/// Makes a verified address the primary one.
///
/// The former one gets a letter that undoes it within 72 hours. Tenants keep the address they know. Needs a log-in
/// within the last ten minutes.
#[utoipa::path(post, path = "/api/v1/me/emails/{id}/make-primary", operation_id = "me_emails_make_primary", tag = "me",
    responses((status = 204, description = "It is the primary one.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathId(id): PathId<EmailId>,
    CalledFrom(origin): CalledFrom,
    emails: web::Data<EmailService>,
) -> Answer {
    emails.make_primary(&identified(&person, origin), id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .step_up()
        .refuses(404, "not_found")
        .refuses(409, "email_not_verified")
}
