//! GET /tenants/{tenant}/roles/{id}

use actix_web::web::Data;
use tenantry_tenancy::permissions::{MEMBERS_READ, ROLES_MANAGE};
use tenantry_tenancy::role::service::RoleService;

use super::{answer, named};
use crate::error::Answer;
use crate::extract::{InTenant, PathText};
use crate::routes::Row;
use crate::views::role::RoleView;

/// Shows a role: one of the tenant's by its id, one of the installation's by its code.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/roles/{id}", operation_id = "roles_show", tag = "roles",
    responses((status = 200, description = "The role.", body = RoleView)))]
async fn handler(InTenant(scope): InTenant, PathText(which): PathText, roles: Data<RoleService>) -> Answer {
    Ok(answer(&roles.show(&scope, &named(which)).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_READ, ROLES_MANAGE])
        .tagged()
        .refuses(404, "not_found")
}
