//! POST /tenants/{tenant}/users/{id}/reactivate: opens it again.

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};

use super::answer;
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::routes::Row;
use crate::views::member::MemberView;

/// Opens the tenant to a deactivated member again and takes a seat.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/users/{id}/reactivate", operation_id = "users_reactivate",
    tag = "users", responses((status = 200, description = "The member now.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    seats: Data<MembersService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    Ok(answer(&seats.reactivate(&scope, id, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "member_not_deactivated")
        .refuses(429, "quota_exceeded")
}
