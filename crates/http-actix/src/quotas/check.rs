//! POST /tenants/{tenant}/quotas/check

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_BASIC_USAGE, READ_USAGE};
use tenantry_quotas::rate::RouteClass;
use tenantry_quotas::usage::UsageService;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::usage::items::{Asked, ItemBody, LimitView};

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The meter. Leave it out when there are `items`.
    #[schema(example = "messages")]
    meter: Option<String>,
    /// How much; 1 when absent.
    #[serde(default, deserialize_with = "crate::usage::items::present")]
    #[schema(example = 1)]
    amount: Option<i64>,
    /// Whom to count, for meters that count different ones.
    member: Option<String>,
    /// Whom within the tenant it is about: the user that limits per user count it on.
    subject: Option<String>,
    /// Several amounts, at most 20, that would count all or none.
    items: Option<Vec<ItemBody>>,
    /// True to be told every limit that would be touched, and which one binds.
    #[serde(default)]
    explain: bool,
}

/// The answer.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaCheck)]
struct View {
    /// True when it would be counted now.
    #[schema(example = true)]
    allowed: bool,
    /// The meter, of the first item.
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
    /// Every limit that would be touched, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Vec<LimitView>>,
    /// Which of the limits binds, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<usize>,
}

/// Tells whether amounts would be counted now. Promises nothing: another caller may be first.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/quotas/check", operation_id = "quotas_check", tag = "quotas",
    request_body = Body, responses((status = 200, description = "The answer.", body = View)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, usage: Data<UsageService>) -> Answer {
    let explain = body.explain;
    let asked = Asked {
        meter: body.meter,
        amount: body.amount,
        member: body.member,
        description: None,
        subject: body.subject,
        items: body.items,
    };
    let checked = usage.check(&scope, asked.items()?).await?;
    let row = checked.rows.first();
    let row = row.ok_or_else(|| ApiError::internal("nothing was checked"))?;
    Ok(render::ok(&View {
        allowed: checked.allowed,
        meter: row.meter.code.to_string(),
        limit: row.limit(),
        used: row.used,
        remaining: row.remaining(),
        resets_at: row.resets_at,
        limits: explain.then(|| checked.explained.iter().map(LimitView::from).collect()),
        binding: checked.binding.filter(|_| explain),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE, READ_USAGE, READ_BASIC_USAGE])
        .for_support()
        .class(RouteClass::Usage)
        .refuses(422, "unknown_meter")
}
