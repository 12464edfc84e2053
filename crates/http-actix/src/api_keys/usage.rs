//! GET /tenants/{tenant}/api-keys/{id}/usage: what a key used, step by step.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_READ;
use tenantry_kernel::ApiKeyId;
use tenantry_quotas::usage::InsightService;
use tenantry_quotas::usage::insights::SeriesRequest;
use time::OffsetDateTime;
use utoipa::IntoParams;

use crate::error::Answer;
use crate::extract::{InTenant, PathId, Query};
use crate::render;
use crate::routes::Row;
use crate::usage::SeriesView;

/// Which series.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// The meter. Calls are on the meter that the catalog counts requests on.
    meter: String,
    /// From when.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Until before when; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// How long each point is: `minute`, `hour`, `day` or `month`; `day` when absent.
    step: Option<String>,
}

/// Shows what a key used of a meter, step by step, by the time it happened: its calls, and what it reported. At most
/// 1,000 points, read from lines that are rolled up as usage is counted.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/api-keys/{id}/usage", operation_id = "api_keys_usage",
    tag = "api keys", params(Filter), responses((status = 200, description = "The series.", body = SeriesView)))]
async fn handler(
    InTenant(scope): InTenant,
    Query(filter): Query<Filter>,
    PathId(id): PathId<ApiKeyId>,
    keys: Data<ApiKeyService>,
    insights: Data<InsightService>,
) -> Answer {
    let key = keys.show(&scope, id).await?;
    let request = SeriesRequest {
        meter: filter.meter,
        from: filter.from,
        to: filter.to,
        step: filter.step,
        user: None,
        key: Some(id.to_string()),
        live: Some(key.is_live()),
    };
    Ok(render::ok(&SeriesView::from(insights.series(&scope, request).await?)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_READ])
        .refuses(422, "unknown_meter")
        .refuses(402, "no_plan")
}
