//! GET /tenants/{tenant}/usage/series: what was used, step by step.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::InsightService;
use tenantry_quotas::usage::insights::{Series, SeriesRequest};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InTenant, Query};
use crate::render;
use crate::routes::Row;

/// Which series.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// The meter.
    meter: String,
    /// From when.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Until before when; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// How long each point is: `minute`, `hour`, `day` or `month`; `day` when absent.
    step: Option<String>,
    /// Only this user's.
    user: Option<String>,
    /// Only what this API key reported: its id.
    key: Option<String>,
}

/// One point.
#[derive(Serialize, ToSchema)]
#[schema(as = UsagePoint)]
pub(crate) struct PointView {
    /// Its first moment.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What was counted, less what was taken back.
    #[schema(example = 42)]
    amount: i64,
    /// In how many operations.
    #[schema(example = 40)]
    operations: i64,
}

/// A series.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageSeries)]
pub(crate) struct SeriesView {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How long each point is.
    #[schema(example = "day")]
    step: &'static str,
    /// What the points add up to.
    #[schema(example = 1200)]
    total: i64,
    /// The points, earliest first; those without usage too.
    data: Vec<PointView>,
}

impl From<Series> for SeriesView {
    fn from(series: Series) -> Self {
        let point = |point: &tenantry_quotas::insight::Point| PointView {
            at: point.at,
            amount: point.amount,
            operations: point.operations,
        };
        Self {
            data: series.points.iter().map(point).collect(),
            meter: series.meter,
            step: series.step.as_str(),
            total: series.total,
        }
    }
}

/// Shows what was counted on a meter, step by step, by the time it happened. Days and months are those of the tenant's
/// time zone. At most 1,000 points.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage/series", operation_id = "usage_series", tag = "usage",
    params(Filter), responses((status = 200, description = "The series.", body = SeriesView)))]
async fn handler(InTenant(scope): InTenant, Query(filter): Query<Filter>, insights: Data<InsightService>) -> Answer {
    let request = SeriesRequest {
        meter: filter.meter,
        from: filter.from,
        to: filter.to,
        step: filter.step,
        user: filter.user,
        key: filter.key,
        ..SeriesRequest::default()
    };
    let series = insights.series(&scope, request).await?;
    Ok(render::ok(&SeriesView::from(series)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .refuses(422, "unknown_meter")
        .refuses(402, "no_plan")
}
