//! POST /admin/users/{id}/enable: lets somebody sign in again.

use actix_web::web;
use tenantry_kernel::UserId;
use tenantry_lifecycle::people::PeopleService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;

use crate::error::Answer;
use crate::extract::{InSystem, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::person_card::DetailsView;

/// Lets somebody sign in again.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/enable", operation_id = "admin_users_enable", tag = "admin",
    responses((status = 200, description = "The person.", body = DetailsView)))]
async fn handler(InSystem(scope): InSystem, PathId(id): PathId<UserId>, people: web::Data<PeopleService>) -> Answer {
    let details = people.enable(&scope, id).await?;
    Ok(render::ok(&DetailsView::from(&details)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .refuses(404, "not_found")
        .refuses(409, "own_account")
        .refuses(409, "user_erased")
}
