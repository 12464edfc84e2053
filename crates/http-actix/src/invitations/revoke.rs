//! DELETE /tenants/{tenant}/invitations/{id}: takes an invitation back.

use actix_web::web;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};

use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Revokes an invitation and frees its seat.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/invitations/{id}", operation_id = "invitations_revoke",
    tag = "invitations", responses((status = 204, description = "Revoked.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    IfMatch(demand): IfMatch,
    members: web::Data<MembersService>,
) -> Answer {
    members.revoke(&scope, id, demand.version_of(id.as_uuid())?).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "invitation_not_pending")
}
