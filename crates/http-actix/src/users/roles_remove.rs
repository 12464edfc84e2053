//! DELETE `/tenants/{tenant}/users/{id}/roles/{assignment_id}`

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use tenantry_tenancy::role::AssignmentId;
use tenantry_tenancy::role::access::AccessService;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, PathId, PathText};
use crate::render;
use crate::routes::Row;

/// Takes a further role back.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/users/{id}/roles/{assignment_id}",
    operation_id = "users_roles_remove", tag = "users", responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    PathText(assignment): PathText,
    access: Data<AccessService>,
) -> Answer {
    let assignment: AssignmentId = assignment.parse().map_err(|_| ApiError::not_found())?;
    access.unassign(&scope, id, assignment).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .refuses(404, "not_found")
}
