//! GET /tenants/{tenant}/usage/forecast: when limits will be reached.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_quotas::permissions::{READ_BASIC_USAGE, READ_USAGE};
use tenantry_quotas::usage::InsightService;
use tenantry_quotas::usage::forecast::Forecast;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::quotas::QuotaView;
use crate::render::{self, Whole};
use crate::routes::Row;

/// When one meter's limit will be reached.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageForecast)]
struct View {
    /// How the meter stands.
    #[serde(flatten)]
    quota: QuotaView,
    /// When the limit will be reached; null when nothing can be foreseen: no limit, or too little usage so far.
    forecast: Option<ForecastView>,
}

/// A moment and how certain it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Forecast)]
struct ForecastView {
    /// Most likely; null when the period ends before.
    #[serde(with = "time::serde::rfc3339::option")]
    exhausted_at: Option<OffsetDateTime>,
    /// At the earliest, nine times out of ten; null when even then the period ends before.
    #[serde(with = "time::serde::rfc3339::option")]
    earliest: Option<OffsetDateTime>,
    /// At the latest, nine times out of ten; null when then the period ends before.
    #[serde(with = "time::serde::rfc3339::option")]
    latest: Option<OffsetDateTime>,
    /// From how many days it is reckoned.
    #[schema(example = 28)]
    days: usize,
}

impl From<Forecast> for ForecastView {
    fn from(foreseen: Forecast) -> Self {
        Self {
            exhausted_at: foreseen.exhausted_at,
            earliest: foreseen.earliest,
            latest: foreseen.latest,
            days: foreseen.days,
        }
    }
}

/// Foresees when each limit will be reached, if usage goes on as in the last four weeks.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage/forecast", operation_id = "usage_forecast", tag = "usage",
    responses((status = 200, description = "One row per meter.", body = Whole<View>)))]
async fn handler(InTenant(scope): InTenant, insights: Data<InsightService>) -> Answer {
    let rows = insights.forecasts(&scope).await?;
    let data: Vec<View> = rows
        .iter()
        .map(|(row, foreseen)| View {
            quota: QuotaView::from(row),
            forecast: foreseen.map(ForecastView::from),
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE, READ_BASIC_USAGE])
        .refuses(402, "no_plan")
}
