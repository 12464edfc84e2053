//! POST /tenants/{tenant}/quotas/check

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_BASIC_USAGE, READ_USAGE};
use tenantry_quotas::rate::RouteClass;
use tenantry_quotas::usage::UsageService;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A question.
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
}

const fn one() -> i64 {
    1
}

/// The answer.
#[derive(Serialize, ToSchema)]
struct View {
    /// True when the amount would be counted now.
    #[schema(example = true)]
    allowed: bool,
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// What the plan allows; null is unlimited.
    #[schema(example = 1000)]
    limit: Option<i64>,
    /// How much is used.
    #[schema(example = 45)]
    used: i64,
    /// What is left; null when unlimited.
    #[schema(example = 955)]
    remaining: Option<i64>,
    /// When the period ends; null when it never does.
    #[serde(with = "time::serde::rfc3339::option")]
    resets_at: Option<OffsetDateTime>,
}

/// Tells whether an amount would be counted now. Promises nothing: another caller may be first.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/quotas/check", operation_id = "quotas_check", tag = "quotas",
    request_body = Body, responses((status = 200, description = "The answer.", body = View)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, usage: Data<UsageService>) -> Answer {
    let checked = usage.check(&scope, &body.meter, body.amount).await?;
    let row = &checked.row;
    Ok(render::ok(&View {
        allowed: checked.allowed,
        meter: row.meter.code.to_string(),
        limit: row.limit(),
        used: row.used,
        remaining: row.remaining(),
        resets_at: row.resets_at,
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE, READ_USAGE, READ_BASIC_USAGE])
        .class(RouteClass::Usage)
        .refuses(422, "unknown_meter")
}
