//! POST /admin/users/{id}/erase: erases somebody.

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

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EraseUser, example = json!({"reason": "request 2026-117 under article 17"}))]
struct Body {
    /// For the platform's log.
    reason: String,
}

/// Erases all that is known of somebody, at once and for good.
///
/// They leave every tenant; logs stay, and name them by a mark. Refused while they are the last owner of a tenant: the
/// problem lists those `tenants`.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/erase", operation_id = "admin_users_erase", tag = "admin",
    request_body = Body, responses((status = 204, description = "Nothing is left of them but their id.")))]
async fn handler(
    InSystem(scope): InSystem,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<UserId>,
    people: web::Data<PeopleService>,
) -> Answer {
    let reason = Note::try_from(body.reason).map_err(|cause| ApiError::invalid("reason", &cause))?;
    people.erase_now(&scope, id, &reason).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .refuses(404, "not_found")
        .refuses(409, "last_owner")
        .refuses(409, "own_account")
        .refuses(409, "user_erased")
}
