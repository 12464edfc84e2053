//! GET /me: the signed-in person.

use actix_web::web;
use tenantry_identity::profile::ProfileService;
use tenantry_lifecycle::catalog::Catalog;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::session::PersonView;

/// Shows the signed-in person.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "me_show", tag = "me",
    responses((status = 200, description = "The person.", body = PersonView)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    profiles: web::Data<ProfileService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let user = profiles.show(&identified(&person, origin)).await?;
    Ok(render::single(
        user.id().as_uuid(),
        user.version(),
        &PersonView::of(&user, &catalog),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
