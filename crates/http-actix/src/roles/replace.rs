//! PUT /tenants/{tenant}/roles/{id}

use actix_web::web::Data;
use tenantry_tenancy::permissions::ROLES_MANAGE;
use tenantry_tenancy::role::service::RoleService;

use super::{Text, answer, id_of, named};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, JsonBody, PathText};
use crate::routes::Row;
use crate::views::role::RoleView;

/// Rewrites a role. Whoever carries it may the new things within a second, on every node, and the old ones no more.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/roles/{id}", operation_id = "roles_replace", tag = "roles",
    request_body = Text, responses((status = 200, description = "The role now.", body = RoleView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Text>,
    PathText(which): PathText,
    IfMatch(wanted): IfMatch,
    roles: Data<RoleService>,
) -> Answer {
    let text = body.try_into()?;
    let which = named(which);
    let expected = match id_of(&which) {
        Some(id) => wanted.version_of(id.as_uuid())?,
        None => None,
    };
    Ok(answer(&roles.rewrite(&scope, &which, text, expected).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([ROLES_MANAGE])
        .conditional()
        .refuses(404, "not_found")
        .refuses(409, "system_role")
        .refuses(409, "role_name_taken")
}
