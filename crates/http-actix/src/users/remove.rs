//! DELETE /tenants/{tenant}/users/{id}

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};

use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Removes a member and frees the seat.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/users/{id}", operation_id = "users_remove", tag = "users",
    responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    seats: Data<MembersService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    seats.remove(&scope, id, expected).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "last_owner")
}
