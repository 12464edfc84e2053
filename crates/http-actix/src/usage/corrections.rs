//! POST /tenants/{tenant}/usage/corrections: puts right what was counted.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::{Correct, CorrectionService};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::items::LineView;
use super::replayed;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody, Operation};
use crate::routes::Row;

/// What is put right.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsageCorrection)]
struct Body {
    /// The meter.
    #[schema(example = "devices")]
    meter: String,
    /// How much more was used; below zero, how much less.
    #[schema(example = -1)]
    amount: i64,
    /// Why, for the ledger.
    #[schema(example = "Device removed")]
    reason: String,
    /// Whom within the tenant it is about.
    subject: Option<String>,
    /// When it happened; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    timestamp: Option<OffsetDateTime>,
    /// True for what was used before Tenantry counted: an opening balance.
    #[serde(default)]
    opening: bool,
}

/// Counts more or less. Limits do not refuse it: it is a fact already.
///
/// Whoever reports usage moves gauges down as things go away. Taking usage of a counter back changes what is billed:
/// that, and opening balances, are for operators.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/usage/corrections", operation_id = "usage_correct", tag = "usage",
    request_body = Body, responses((status = 201, description = "Put right.", body = LineView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    operation: Operation,
    corrections: Data<CorrectionService>,
) -> Answer {
    let request = Correct {
        meter: body.meter,
        amount: body.amount,
        reason: body.reason,
        subject: body.subject,
        at: body.timestamp,
        opening: body.opening,
        operation: operation.named()?,
    };
    let counted = corrections.correct(&scope, &PLATFORM_MANAGE, request).await?;
    let line = counted.lines.first();
    let line = line.ok_or_else(|| ApiError::internal("a correction moved nothing"))?;
    let mut answer = HttpResponse::Created();
    replayed(&mut answer, counted.replayed);
    Ok(answer.json(LineView::from(line)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE, PLATFORM_MANAGE])
        .once_by_ledger()
        .refuses(409, "usage_below_zero")
        .refuses(422, "unknown_meter")
        .refuses(422, "meter_not_reportable")
        .refuses(422, "meter_not_additive")
        .refuses(402, "no_plan")
}
