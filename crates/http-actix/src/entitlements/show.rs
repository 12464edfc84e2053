//! GET /tenants/{tenant}/entitlements/{feature}

use actix_web::web::Data;
use serde::Serialize;
use tenantry_kernel::Code;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_tenancy::permissions::TENANT_READ;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, PathText};
use crate::problem::json_of;
use crate::render;
use crate::routes::Row;

/// A feature, or a value, that the plan grants.
#[derive(Serialize, ToSchema)]
#[schema(as = Entitlement)]
struct View {
    /// Its code.
    #[schema(example = "api_access")]
    code: String,
    /// True when it is granted: the answer is 402 `feature_not_in_plan` otherwise.
    granted: bool,
    /// What is granted, for values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    value: Option<serde_json::Value>,
}

/// Passes with 200 when the plan grants a feature or a value, and answers 402 with the plan that would grant it
/// otherwise. For guards: answered from memory.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/entitlements/{feature}", operation_id = "entitlements_show",
    tag = "entitlements", responses((status = 200, description = "It is granted.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    PathText(feature): PathText,
    entitlements: Data<EntitlementService>,
    catalog: Data<Catalog>,
) -> Answer {
    let granted = entitlements.of(scope.tenant_id()).await?;
    let folded = Code::fold(&feature);
    let value = granted
        .values
        .iter()
        .find(|(name, _)| Code::fold(name.as_str()) == folded);
    if let Some((name, value)) = value {
        return Ok(render::ok(&View {
            code: name.to_string(),
            granted: true,
            value: Some(json_of(value)),
        }));
    }
    let known = catalog
        .features()
        .iter()
        .find(|known| Code::fold(known.code.as_str()) == folded);
    let known = known.ok_or_else(ApiError::not_found)?;
    entitlements.require_feature(&scope, &known.code).await?;
    Ok(render::ok(&View {
        code: known.code.to_string(),
        granted: true,
        value: None,
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([TENANT_READ, CONSUME_USAGE])
        .refuses(402, "feature_not_in_plan")
        .refuses(402, "no_plan")
}
