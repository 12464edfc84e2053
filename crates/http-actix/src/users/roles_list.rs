//! GET /tenants/{tenant}/users/{id}/roles

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_tenancy::permissions::MEMBERS_READ;
use tenantry_tenancy::role::access::AccessService;

use super::AssignmentView;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render::{self, Whole};
use crate::routes::Row;

/// Lists the roles that a member has beyond the one they carry, the oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users/{id}/roles", operation_id = "users_roles_list",
    tag = "users", responses((status = 200, description = "All of them.", body = Whole<AssignmentView>)))]
async fn handler(InTenant(scope): InTenant, PathId(id): PathId<MembershipId>, access: Data<AccessService>) -> Answer {
    let all = access.assignments(&scope, id).await?;
    let data: Vec<AssignmentView> = all.iter().map(AssignmentView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ])
}
