//! DELETE /tenants/{tenant}/users/{id}

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_lifecycle::people::PeopleService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use utoipa::IntoParams;

use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId, Query};
use crate::render;
use crate::routes::Row;

/// How.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Options {
    /// True to erase what the tenant's log says of them as well: address, name, where they called from. The log stays
    /// as it is, and names them by a mark.
    erase: Option<bool>,
}

/// Removes a member and frees the seat.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/users/{id}", operation_id = "users_remove", tag = "users",
    params(Options), responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    Query(options): Query<Options>,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    seats: Data<MembersService>,
    people: Data<PeopleService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    if options.erase == Some(true) {
        people.erase_member(&scope, id, expected).await?;
    } else {
        seats.remove(&scope, id, expected).await?;
    }
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "last_owner")
}
