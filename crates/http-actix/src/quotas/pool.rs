//! PUT /tenants/{tenant}/quota-pool: whose limits hold for this tenant too.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_kernel::TenantId;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_quotas::entitlement::EntitlementService;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A pool.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuotaPool)]
struct Body {
    /// The id of the tenant whose limits hold too; null is none.
    #[serde(deserialize_with = "Option::deserialize")]
    tenant: Option<String>,
}

/// Puts the tenant into another tenant's pool: from now on what it uses counts there too, under that tenant's limits,
/// and every one of them holds. For operators.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/quota-pool", operation_id = "quotas_pool", tag = "quotas",
    request_body = Body, responses((status = 200, description = "The pool now.", body = Body)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    entitlements: Data<EntitlementService>,
) -> Answer {
    let pool: Option<TenantId> = match &body.tenant {
        Some(text) => Some(text.parse().map_err(|cause| ApiError::invalid("tenant", &cause))?),
        None => None,
    };
    entitlements.join_pool(&scope, &PLATFORM_MANAGE, pool).await?;
    Ok(render::ok(&body))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([PLATFORM_MANAGE])
        .refuses(402, "no_plan")
}
