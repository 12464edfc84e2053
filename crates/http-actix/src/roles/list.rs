//! GET /tenants/{tenant}/roles

use actix_web::web::Data;
use tenantry_tenancy::permissions::{MEMBERS_READ, ROLES_MANAGE};
use tenantry_tenancy::role::service::RoleService;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render::{self, Whole};
use crate::routes::Row;
use crate::views::role::RoleView;

/// Lists every role that a member can have: the installation's, then the tenant's own, the oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/roles", operation_id = "roles_list", tag = "roles",
    responses((status = 200, description = "All roles.", body = Whole<RoleView>)))]
async fn handler(InTenant(scope): InTenant, roles: Data<RoleService>) -> Answer {
    let all = roles.list(&scope).await?;
    let data: Vec<RoleView> = all.iter().map(RoleView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ, ROLES_MANAGE])
}
