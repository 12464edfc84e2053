//! PUT /tenants/{tenant}/quotas/{meter}: an operator's own limit for one tenant, or for one of its users or keys.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::entitlement::service::OverrideLimit;
use time::OffsetDateTime;
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
    /// Whose: `user:<name>` or `key:<id>`; the tenant's as a whole when absent.
    #[schema(example = "user:user-17")]
    subject: Option<String>,
    /// Until when; until it is taken away when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// The limit now.
#[derive(Serialize, ToSchema)]
struct View {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// Whose; null is the tenant's as a whole.
    #[schema(example = "user:user-17")]
    subject: Option<String>,
    /// The limit; null is unlimited.
    #[schema(example = 5000)]
    limit: Option<i64>,
    /// Why.
    #[schema(example = "Agreed with sales until March.")]
    reason: String,
    /// Until when; null is until it is taken away.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
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
        subject: body.subject.unwrap_or_default(),
        limit: body.limit,
        reason: body.reason,
        expires_at: body.expires_at,
    };
    let changed = entitlements.override_limit(&scope, &PLATFORM_MANAGE, request).await?;
    // The change just made stands last.
    let limit = changed
        .overrides
        .last()
        .ok_or_else(|| ApiError::internal("an override was not kept"))?;
    Ok(render::ok(&View {
        meter: limit.meter.to_string(),
        subject: Some(limit.subject.to_string()).filter(|subject| !subject.is_empty()),
        limit: limit.limit,
        reason: limit.reason.clone(),
        expires_at: limit.expires_at,
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([PLATFORM_MANAGE])
        .refuses(422, "unknown_meter")
}
