//! POST /tenants/{tenant}/users/{id}/roles

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::{MembershipId, Resource};
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use tenantry_tenancy::role::access::AccessService;
use utoipa::ToSchema;

use super::AssignmentView;
use crate::error::{Answer, FieldErrors};
use crate::extract::{InTenant, JsonBody, PathId};
use crate::render;
use crate::routes::Row;

/// A further role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAssignment, example = json!({"role": "billing_clerk", "resource": "team:sales"}))]
struct Body {
    /// The role, by any of its names.
    role: String,
    /// The only thing it holds for, as kind and id: `team:sales`, `project:42`. For everything when absent.
    #[serde(default)]
    resource: Option<String>,
}

/// Gives a member a further role, for everything or for one thing.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/users/{id}/roles", operation_id = "users_roles_add",
    tag = "users", request_body = Body,
    responses((status = 201, description = "The further role.", body = AssignmentView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<MembershipId>,
    access: Data<AccessService>,
) -> Answer {
    let mut errors = FieldErrors::default();
    let resource = errors.given("resource", body.resource.as_deref().map(Resource::try_from));
    errors.check()?;
    let given = access.assign(&scope, id, &body.role, resource).await?;
    let location = format!("/api/v1/tenants/{}/users/{id}/roles/{}", scope.tenant_id(), given.id);
    Ok(render::created(&location, &AssignmentView::from(&given)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .once()
        .refuses(409, "role_already_assigned")
        .refuses(409, "too_many_assignments")
}
