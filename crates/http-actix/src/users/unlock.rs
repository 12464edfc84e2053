//! POST /tenants/{tenant}/users/{id}/unlock: ends a member's wait after wrong passwords.

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};

use super::answer;
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::routes::Row;
use crate::views::member::MemberView;

/// Ends the wait that wrong passwords brought upon a member.
///
/// The answer is the same whether there was one: how a person fares elsewhere is not told. Once an hour for a member.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/users/{id}/unlock", operation_id = "users_unlock",
    tag = "users", responses((status = 200, description = "The member.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    seats: Data<MembersService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    Ok(answer(&seats.unlock(&scope, id, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "member_not_active")
        .refuses(409, "unlocked_recently")
}
