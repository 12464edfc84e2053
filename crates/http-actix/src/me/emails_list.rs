//! GET /me/emails: the person's addresses.

use actix_web::web;
use tenantry_identity::email::EmailService;
use tenantry_identity::profile::ProfileService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render::{self, Whole};
use crate::routes::Row;
use crate::views::person::EmailView;

/// Lists the person's addresses, oldest first. They sign in with every verified one; mail goes to the primary one.
#[utoipa::path(get, path = "/api/v1/me/emails", operation_id = "me_emails_list", tag = "me",
    responses((status = 200, description = "All of them, ten at most.", body = Whole<EmailView>)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    emails: web::Data<EmailService>,
    profiles: web::Data<ProfileService>,
) -> Answer {
    let person = identified(&person, origin);
    let user = profiles.show(&person).await?;
    let known = emails.list(&person).await?;
    let data = known.iter().map(|email| EmailView::of(email, user.email())).collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
