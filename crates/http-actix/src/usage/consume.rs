//! POST /tenants/{tenant}/usage: checks and counts in one step.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::{Consume, Counted, UsageService};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::items::{Asked, ItemBody, LimitView, LineView};
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody, Operation};
use crate::routes::Row;

/// Something used: one amount on one meter, or several that count all or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The meter. Leave it out when there are `items`.
    #[schema(example = "messages")]
    meter: Option<String>,
    /// How much; 1 when absent. For meters that take the greatest or the latest value: the level.
    #[serde(default, deserialize_with = "crate::usage::items::present")]
    #[schema(example = 1)]
    amount: Option<i64>,
    /// Whom to count, for meters that count different ones; the `subject` when absent.
    #[schema(example = "user-17")]
    member: Option<String>,
    /// What it was for.
    #[schema(example = "Campaign 42")]
    description: Option<String>,
    /// Whom within the tenant it is about: the user that limits per user count it on.
    #[schema(example = "user-17")]
    subject: Option<String>,
    /// Several amounts, at most 20.
    items: Option<Vec<ItemBody>>,
    /// When it happened, at most 35 days ago; now when absent. It counts in the period of this moment.
    #[serde(default, with = "time::serde::rfc3339::option")]
    timestamp: Option<OffsetDateTime>,
    /// True to be told every limit that it touched.
    #[serde(default)]
    explain: bool,
}

/// How the meter stands now.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageCounted)]
struct View {
    /// How the first item's meter stands.
    #[serde(flatten)]
    first: LineView,
    /// How every item's meter stands, when several were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<LineView>>,
    /// Every limit that was touched, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Vec<LimitView>>,
}

impl View {
    fn of(counted: &Counted, several: bool, explain: bool) -> Option<Self> {
        Some(Self {
            first: LineView::from(counted.lines.first()?),
            items: several.then(|| counted.lines.iter().map(LineView::from).collect()),
            limits: explain.then(|| counted.explained.iter().map(LimitView::from).collect()),
        })
    }
}

/// Counts amounts on meters, when the plan allows all of them.
///
/// Exact under any concurrency: of a limit of 1,000 exactly 1,000 are granted. The `Idempotency-Key` is the
/// operation's name in the ledger, so a retry is counted once. A refusal is not kept: a retry decides anew. A meter
/// that the catalog declares as leased is counted without a commit of its own, unless the operation has a name.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/usage", operation_id = "usage_consume", tag = "usage",
    request_body = Body, responses((status = 201, description = "Counted.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    operation: Operation,
    usage: Data<UsageService>,
) -> Answer {
    let several = body.items.is_some();
    let asked = Asked {
        meter: body.meter,
        amount: body.amount,
        member: body.member,
        description: body.description,
        subject: body.subject,
        items: body.items,
    };
    let request = Consume {
        items: asked.items()?,
        at: body.timestamp,
        operation: operation.named()?,
    };
    let explain = body.explain;
    let counted = usage
        .consume(&scope, request)
        .await
        .map_err(|refused| super::items::explained(refused, explain))?;
    let view = View::of(&counted, several, explain).ok_or_else(|| ApiError::internal("nothing was counted"))?;
    let mut answer = actix_web::HttpResponse::Created();
    super::replayed(&mut answer, counted.replayed);
    Ok(answer.json(view))
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
