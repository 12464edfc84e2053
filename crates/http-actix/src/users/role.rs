//! PUT /tenants/{tenant}/users/{id}/role

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::{FieldError, MembershipId, PermissionSet};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_tenancy::membership::service::{ChangeRole, MemberService};
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use utoipa::ToSchema;

use super::answer;
use crate::error::{Answer, ApiError};
use crate::extract::{IfMatch, InTenant, JsonBody, PathId};
use crate::routes::Row;
use crate::views::member::MemberView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The role, by any of its names.
    #[schema(example = "manager")]
    role: String,
    /// Permissions beyond the role; absent leaves those there are.
    #[schema(example = json!(["billing.read"]))]
    permissions: Option<Vec<String>>,
}

fn named(catalog: &Catalog, texts: &[String]) -> Result<PermissionSet, ApiError> {
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for (position, text) in texts.iter().enumerate() {
        match catalog.find_permission(text) {
            Some(permission) => found.push(permission),
            None => unknown.push(FieldError::new(
                format!("permissions[{position}]"),
                "unknown_permission",
                "there is no such permission",
            )),
        }
    }
    if unknown.is_empty() {
        Ok(found.into_iter().collect())
    } else {
        Err(ApiError::validation(unknown))
    }
}

/// Gives a member another role.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/users/{id}/role", operation_id = "users_change_role",
    tag = "users", request_body = Body, responses((status = 200, description = "The member now.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    members: Data<MemberService>,
    catalog: Data<Catalog>,
) -> Answer {
    let extra = body.permissions.map(|texts| named(&catalog, &texts)).transpose()?;
    let request = ChangeRole {
        role: body.role,
        extra,
        expected: wanted.version_of(id.as_uuid())?,
    };
    let member = members.change_role(&scope, id, request).await?;
    Ok(answer(&member))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
        .refuses(409, "last_owner")
}
