//! PUT /tenants/{tenant}/quotas/{meter}: an operator's own limit for one tenant.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::entitlement::service::OverrideLimit;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody, PathText};
use crate::render;
use crate::routes::Row;

/// A limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The limit; null is unlimited.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(example = 5000)]
    limit: Option<i64>,
    /// Why, for the audit log.
    #[schema(example = "Agreed with sales until March.")]
    reason: String,
}

/// The limit now.
#[derive(Serialize, ToSchema)]
struct View {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// The limit; null is unlimited.
    #[schema(example = 5000)]
    limit: Option<i64>,
    /// Why.
    #[schema(example = "Agreed with sales until March.")]
    reason: String,
}

/// Sets a limit for this tenant alone, whatever its plan says. For operators.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/quotas/{meter}", operation_id = "quotas_replace", tag = "quotas",
    request_body = Body, responses((status = 200, description = "The limit now.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathText(meter): PathText,
    entitlements: Data<EntitlementService>,
) -> Answer {
    let request = OverrideLimit {
        meter,
        limit: body.limit,
        reason: body.reason,
    };
    let changed = entitlements.override_limit(&scope, &PLATFORM_MANAGE, request).await?;
    // The change just made stands last.
    let limit = changed
        .overrides
        .last()
        .ok_or_else(|| ApiError::internal("an override was not kept"))?;
    Ok(render::ok(&View {
        meter: limit.meter.to_string(),
        limit: limit.limit,
        reason: limit.reason.clone(),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([PLATFORM_MANAGE])
        .refuses(422, "unknown_meter")
}
