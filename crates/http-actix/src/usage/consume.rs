//! POST /tenants/{tenant}/usage: checks and counts in one step.

use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::{Consume, Counted, UsageService};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::Operation;
use crate::extract::{InTenant, JsonBody};
use crate::names;
use crate::routes::Row;

/// Something used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much; 1 when absent.
    #[serde(default = "one")]
    #[schema(example = 1, minimum = 1)]
    amount: i64,
    /// What it was for.
    #[schema(example = "Campaign 42")]
    description: Option<String>,
    /// Whom within the tenant it is about.
    #[schema(example = "user-17")]
    subject: Option<String>,
}

const fn one() -> i64 {
    1
}

/// How the meter stands now.
#[derive(Serialize, ToSchema)]
struct View {
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

impl From<&Counted> for View {
    fn from(counted: &Counted) -> Self {
        Self {
            meter: counted.meter.to_string(),
            used: counted.used,
            limit: counted.limit,
            remaining: counted.remaining,
            resets_at: counted.resets_at,
        }
    }
}

/// Counts an amount on a meter, when the plan allows it.
///
/// Exact under any concurrency: of a limit of 1,000 exactly 1,000 are granted. The `Idempotency-Key` is the
/// operation's name in the ledger, so a retry is counted once. A refusal is not kept: a retry decides anew.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/usage", operation_id = "usage_consume", tag = "usage",
    request_body = Body, responses((status = 201, description = "Counted.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    Operation(named): Operation,
    usage: Data<UsageService>,
) -> Answer {
    let operation = named
        .map(|(key, digest)| OperationId::try_from(key.to_string()).map(|operation| (operation, digest)))
        .transpose()
        .map_err(|refused| ApiError::malformed("idempotency_key_invalid", refused.to_string()))?;
    let request = Consume {
        meter: body.meter,
        amount: body.amount,
        description: body.description,
        subject: body.subject,
        operation,
    };
    let counted = usage.consume(&scope, request).await?;
    let mut answer = actix_web::HttpResponse::Created();
    if counted.replayed {
        answer.insert_header((names::IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true")));
    }
    Ok(answer.json(View::from(&counted)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .once_by_ledger()
        .refuses(429, "quota_exceeded")
        .refuses(422, "unknown_meter")
        .refuses(402, "no_plan")
        .refuses(422, "meter_not_reportable")
}
