//! GET /me: the signed-in person.

use actix_web::web;
use serde::Serialize;
use tenantry_identity::email::EmailService;
use tenantry_identity::profile::ProfileService;
use tenantry_lifecycle::catalog::Catalog;
use utoipa::ToSchema;

use super::looked_at;
use crate::error::Answer;
use crate::extract::{CalledFrom, Seen};
use crate::render;
use crate::routes::Row;
use crate::views::person::EmailView;
use crate::views::session::{ImpersonationView, PersonView};

/// A person, as they see themself, with their addresses.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct View {
    /// The person.
    #[serde(flatten)]
    person: PersonView,
    /// Their addresses, oldest first; none for a visit of support.
    emails: Vec<EmailView>,
    /// The visit of support that acts on the person's behalf, for a banner; null for the person themself.
    impersonation: Option<ImpersonationView>,
}

/// Shows the signed-in person; to support, the person on whose behalf it acts, and what a banner should tell.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "me_show", tag = "me",
    responses((status = 200, description = "The person.", body = View)))]
async fn handler(
    seen: Seen,
    CalledFrom(origin): CalledFrom,
    profiles: web::Data<ProfileService>,
    emails: web::Data<EmailService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let person = looked_at(&seen, origin);
    let user = profiles.show(&person).await?;
    let known = match seen.visit {
        None => emails.list(&person).await?,
        Some(_) => Vec::new(),
    };
    let view = View {
        person: PersonView::of(&user, &catalog),
        emails: known.iter().map(|email| EmailView::of(email, user.email())).collect(),
        impersonation: seen.visit.as_ref().map(|visit| ImpersonationView::from(&*visit.0)),
    };
    Ok(render::single(user.id().as_uuid(), user.version(), &view))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().for_support()
}
