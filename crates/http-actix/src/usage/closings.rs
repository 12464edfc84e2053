//! GET /tenants/{tenant}/usage/closings: periods closed for billing.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::InsightService;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InTenant, Query};
use crate::render::{self, Whole};
use crate::routes::Row;

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this meter.
    meter: Option<String>,
}

/// One closed period of one meter.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageClosing)]
struct View {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// When the period ended.
    #[serde(with = "time::serde::rfc3339")]
    period_end: OffsetDateTime,
    /// What was used in it.
    #[schema(example = 12000)]
    used: i64,
    /// What came late, or was put right, of periods that had been closed before.
    #[schema(example = -20)]
    adjustment: i64,
    /// What more was taken back than earlier closings could bill: nothing, or less.
    #[schema(example = 0)]
    carried: i64,
    /// What is billed: all three together, or nothing where they come to less.
    #[schema(example = 11980)]
    billed: i64,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339")]
    closed_at: OffsetDateTime,
}

/// Lists the periods that were closed for billing, latest first: exact totals, and what came late.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage/closings", operation_id = "usage_closings", tag = "usage",
    params(Filter), responses((status = 200, description = "At most 200 of them.", body = Whole<View>)))]
async fn handler(InTenant(scope): InTenant, Query(filter): Query<Filter>, insights: Data<InsightService>) -> Answer {
    let closings = insights.closings(&scope, filter.meter.as_deref()).await?;
    let view = |closing: &tenantry_quotas::closing::Closing| View {
        meter: closing.meter.to_string(),
        period_end: closing.end,
        used: closing.used,
        adjustment: closing.adjustment,
        carried: closing.carried,
        billed: closing.billed(),
        closed_at: closing.closed_at,
    };
    Ok(render::ok(&Whole {
        data: closings.iter().map(view).collect::<Vec<_>>(),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .refuses(422, "unknown_meter")
}
