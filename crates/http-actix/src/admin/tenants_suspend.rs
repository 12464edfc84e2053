//! POST /admin/tenants/{id}/suspend: closes a tenant.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::TenantId;
use tenantry_kernel::text::Note;
use tenantry_lifecycle::operators::OperatorService;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InSystem, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::tenant::TenantView;

/// Why the tenant is closed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Suspend, example = json!({"reason": "unpaid invoices"}))]
struct Body {
    /// Shown to its members.
    #[serde(default)]
    reason: Option<String>,
}

/// Suspends a tenant.
///
/// Its members and keys are refused with 423 within a second, on every node. Nothing is deleted.
#[utoipa::path(post, path = "/api/v1/admin/tenants/{id}/suspend", operation_id = "admin_tenants_suspend", tag = "admin",
    request_body = Option<Body>, responses((status = 200, description = "The tenant.", body = TenantView)))]
async fn handler(
    InSystem(scope): InSystem,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<TenantId>,
    operators: web::Data<OperatorService>,
) -> Answer {
    let reason = body
        .and_then(|body| body.reason)
        .unwrap_or_else(|| "suspended by the operator".to_owned());
    let reason = Note::try_from(reason).map_err(|cause| ApiError::invalid("reason", &cause))?;
    let tenant = operators.suspend(&scope, id, &reason).await?;
    Ok(render::single(
        id.as_uuid(),
        tenant.version(),
        &TenantView::from(&tenant),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .once()
        .refuses(404, "not_found")
        .refuses(409, "tenant_already_suspended")
}
