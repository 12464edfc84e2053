//! DELETE /tenants/{tenant}/roles/{id}

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_tenancy::permissions::ROLES_MANAGE;
use tenantry_tenancy::role::service::RoleService;
use utoipa::IntoParams;

use super::{id_of, named};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, PathText, Query};
use crate::render;
use crate::routes::Row;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Instead {
    /// The role that its holders get in its place, by any of its names.
    replace_with: Option<String>,
}

/// Removes a role. While anybody has it, it goes only with `replace_with`.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/roles/{id}", operation_id = "roles_remove", tag = "roles",
    params(Instead), responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    Query(instead): Query<Instead>,
    PathText(which): PathText,
    IfMatch(wanted): IfMatch,
    roles: Data<RoleService>,
) -> Answer {
    let which = named(which);
    let expected = match id_of(&which) {
        Some(id) => wanted.version_of(id.as_uuid())?,
        None => None,
    };
    roles
        .delete(&scope, &which, instead.replace_with.as_deref(), expected)
        .await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([ROLES_MANAGE])
        .conditional()
        .refuses(404, "not_found")
        .refuses(409, "system_role")
        .refuses(409, "role_in_use")
}
