//! POST /admin/users/{id}/disable: bars somebody from signing in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::UserId;
use tenantry_kernel::text::Note;
use tenantry_lifecycle::people::PeopleService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InSystem, JsonBody, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::person_card::DetailsView;

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisableUser, example = json!({"reason": "stolen account"}))]
struct Body {
    /// For the platform's log.
    reason: String,
}

/// Bars somebody from signing in.
///
/// All their sessions end, within a second on every node. Memberships stay as they are.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/disable", operation_id = "admin_users_disable", tag = "admin",
    request_body = Body, responses((status = 200, description = "The person.", body = DetailsView)))]
async fn handler(
    InSystem(scope): InSystem,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<UserId>,
    people: web::Data<PeopleService>,
) -> Answer {
    let reason = Note::try_from(body.reason).map_err(|cause| ApiError::invalid("reason", &cause))?;
    let details = people.disable(&scope, id, &reason).await?;
    Ok(render::ok(&DetailsView::from(&details)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .refuses(404, "not_found")
        .refuses(409, "own_account")
        .refuses(409, "user_erased")
}
