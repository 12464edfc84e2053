//! POST /api-keys/verify: the one call a gateway makes per request.

use std::net::IpAddr;

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_identity::permissions::API_KEYS_VERIFY;
use tenantry_kernel::Secret;
use tenantry_lifecycle::key_check::{CheckKey, KeyCheckService, KeyVerdict};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::rate::RouteClass;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{Gateway, JsonBody, Operation};
use crate::render;
use crate::routes::Row;

/// The question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The key that the gateway's caller showed.
    #[schema(example = "tk_live_…")]
    key: String,
    /// What they want to do.
    #[schema(example = "whatsapp.send")]
    permission: Option<String>,
    /// What it counts on; counted at once when it is granted.
    #[schema(example = "messages")]
    meter: Option<String>,
    /// How much; 1 when absent.
    #[schema(example = 1, minimum = 1)]
    amount: Option<i64>,
    /// Where they call from; needed for keys that are bound to addresses.
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    ip: Option<IpAddr>,
}

/// How the key's pace stands.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyPace)]
struct PaceView {
    /// Calls per minute.
    #[schema(example = 600)]
    limit: u32,
    /// Calls left now.
    #[schema(example = 599)]
    remaining: u32,
    /// Seconds until the next call passes; 0 when it passes now.
    #[schema(example = 0)]
    retry_after: u64,
}

/// How the meter stands.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyQuota)]
struct QuotaView {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much is used.
    #[schema(example = 46)]
    used: i64,
    /// What the plan allows; null is unlimited.
    #[schema(example = 1000)]
    limit: Option<i64>,
    /// What is left; null when unlimited.
    #[schema(example = 954)]
    remaining: Option<i64>,
    /// When the period ends; null when it never does.
    #[serde(with = "time::serde::rfc3339::option")]
    resets_at: Option<OffsetDateTime>,
}

/// The answer.
#[derive(Serialize, ToSchema)]
struct View {
    /// True when the call may go on.
    #[schema(example = true)]
    valid: bool,
    /// `valid`, or why not: `api_key_invalid`, `api_key_revoked`, `api_key_expired`, `address_not_allowed`,
    /// `permission_denied`, `rate_limited`, `quota_exceeded`; for platform keys also `tenant_suspended`.
    #[schema(example = "valid")]
    code: &'static str,
    /// Whose key it is; null unless its secret is right.
    tenant_id: Option<String>,
    /// Which key it is.
    key_id: Option<String>,
    /// What it may do.
    #[schema(example = json!(["whatsapp.send"]))]
    permissions: Vec<String>,
    /// How its pace stands; null when it has none.
    ratelimit: Option<PaceView>,
    /// How the meter stands; null when none was named.
    quota: Option<QuotaView>,
}

impl From<KeyVerdict> for View {
    fn from(verdict: KeyVerdict) -> Self {
        Self {
            valid: verdict.refusal.is_none(),
            code: verdict.refusal.unwrap_or("valid"),
            tenant_id: verdict.tenant.map(|tenant| tenant.to_string()),
            key_id: verdict.key.map(|key| key.to_string()),
            permissions: verdict.permissions.iter().map(ToString::to_string).collect(),
            ratelimit: verdict.pace.map(|pace| PaceView {
                limit: pace.limit,
                remaining: pace.remaining,
                retry_after: pace.retry_after.as_secs() + u64::from(pace.retry_after.subsec_nanos() > 0),
            }),
            quota: verdict.quota.map(|quota| QuotaView {
                meter: quota.meter.to_string(),
                used: quota.used,
                limit: quota.limit,
                remaining: quota.remaining,
                resets_at: quota.resets_at,
            }),
        }
    }
}

/// Checks a key, its permission, its pace and its quota, and counts, in one step.
///
/// For gateways and other services that hold a key with `api_keys.verify`: a tenant's key verifies the keys of its own
/// tenant, a platform key those of all tenants. A key that is refused is an answer with `valid: false`, not an error.
#[utoipa::path(post, path = "/api/v1/api-keys/verify", operation_id = "api_keys_verify", tag = "api keys",
    request_body = Body, responses((status = 200, description = "The answer.", body = View)))]
async fn handler(
    gateway: Gateway,
    JsonBody(body): JsonBody<Body>,
    Operation(named): Operation,
    checks: Data<KeyCheckService>,
) -> Answer {
    if body.meter.is_none() && body.amount.is_some() {
        return Err(ApiError::invalid("amount", &"needs a meter"));
    }
    let operation = named
        .map(|(key, digest)| OperationId::try_from(key.to_string()).map(|operation| (operation, digest)))
        .transpose()
        .map_err(|refused| ApiError::malformed("idempotency_key_invalid", refused.to_string()))?;
    let amount = body.amount.unwrap_or(1);
    let request = CheckKey {
        key: Secret::new(body.key),
        permission: body.permission,
        usage: body.meter.map(|meter| (meter, amount)),
        address: body.ip,
        operation,
    };
    let verdict = match gateway {
        Gateway::Tenant(scope) => checks.check(&scope, request).await?,
        Gateway::Installation(scope) => checks.check_any(&scope, request).await?,
    };
    Ok(render::ok(&View::from(verdict)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .gateway(API_KEYS_VERIFY)
        .class(RouteClass::Usage)
        .once_by_ledger()
        .refuses(422, "unknown_meter")
}

#[cfg(test)]
mod tests;
