//! GET /admin/users/{id}: one person.

use actix_web::web;
use tenantry_kernel::UserId;
use tenantry_lifecycle::people::PeopleService;
use tenantry_lifecycle::roles::PLATFORM_READ;

use crate::error::Answer;
use crate::extract::{InSystem, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::person_card::DetailsView;

/// Shows a person with their addresses and tenants.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}", operation_id = "admin_users_show", tag = "admin",
    responses((status = 200, description = "The person.", body = DetailsView)))]
async fn handler(InSystem(scope): InSystem, PathId(id): PathId<UserId>, people: web::Data<PeopleService>) -> Answer {
    let details = people.show(&scope, id).await?;
    Ok(render::ok(&DetailsView::from(&details)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_READ)
        .refuses(404, "not_found")
}
