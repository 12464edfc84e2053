//! GET /admin/usage/top: the tenants that used most.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_lifecycle::roles::PLATFORM_READ;
use tenantry_quotas::usage::InsightService;
use tenantry_quotas::usage::insights::SeriesRequest;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InSystem, Query};
use crate::render::{self, Whole};
use crate::routes::Row;

/// Of what.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// The meter.
    meter: String,
    /// From when; 30 days ago when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Until before when; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// How many, 100 at most; 10 when absent.
    count: Option<u32>,
}

/// One tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUsage)]
struct View {
    /// The tenant's id.
    tenant_id: String,
    /// What was counted, less what was taken back.
    #[schema(example = 420_000)]
    amount: i64,
    /// In how many operations.
    #[schema(example = 400_000)]
    operations: i64,
}

/// Lists the tenants that used most of a meter.
#[utoipa::path(get, path = "/api/v1/admin/usage/top", operation_id = "admin_usage_top", tag = "admin",
    params(Filter), responses((status = 200, description = "The most first.", body = Whole<View>)))]
async fn handler(InSystem(scope): InSystem, Query(filter): Query<Filter>, insights: Data<InsightService>) -> Answer {
    let request = SeriesRequest {
        meter: filter.meter,
        from: filter.from,
        to: filter.to,
        ..SeriesRequest::default()
    };
    let count = filter.count.unwrap_or(10);
    let top = insights.top_tenants(&scope, &PLATFORM_READ, request, count).await?;
    let data: Vec<View> = top
        .into_iter()
        .map(|(tenant, point)| View {
            tenant_id: tenant.to_string(),
            amount: point.amount,
            operations: point.operations,
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_READ)
        .refuses(422, "unknown_meter")
}
