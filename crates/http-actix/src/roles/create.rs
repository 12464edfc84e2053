//! POST /tenants/{tenant}/roles

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_tenancy::permissions::ROLES_MANAGE;
use tenantry_tenancy::role::service::RoleService;
use utoipa::ToSchema;

use super::Text;
use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::role::RoleView;

/// A role to define.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole, example = json!({
    "name": "Billing clerk", "code": "billing_clerk", "permissions": ["invoices.*", "billing.read"]
}))]
struct Body {
    /// What members will carry as their `role`, and what never changes; follows from the name when absent.
    #[serde(default)]
    code: Option<String>,
    /// Its title, which no other role of the tenant has.
    name: String,
    /// One sentence.
    #[serde(default)]
    description: Option<String>,
    /// What it gives: permissions, `area.*` for all of an area, also what comes later, or `*` for all but what only
    /// owners may.
    permissions: Vec<String>,
}

/// Defines a role. Nobody defines one that may more than they.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/roles", operation_id = "roles_create", tag = "roles",
    request_body = Body, responses((status = 201, description = "The role.", body = RoleView)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, roles: Data<RoleService>) -> Answer {
    let mut errors = FieldErrors::default();
    let text = Text {
        name: body.name,
        description: body.description,
        permissions: body.permissions,
    };
    let text = text.read(&mut errors);
    if let Some(code) = body.code.as_deref() {
        errors.take("code", tenantry_kernel::Code::try_from(code));
    }
    errors.check()?;
    let text = text.ok_or_else(|| ApiError::internal("a refused field was not noted"))?;
    let role = roles.create(&scope, body.code, text).await?;
    let view = RoleView::from(&role);
    let location = format!("/api/v1/tenants/{}/roles/{}", scope.tenant_id(), view.id);
    Ok(render::created(&location, &view))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([ROLES_MANAGE])
        .once()
        .refuses(409, "role_name_taken")
        .refuses(409, "too_many_roles")
}
