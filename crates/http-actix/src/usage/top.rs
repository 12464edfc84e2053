//! GET /tenants/{tenant}/usage/top: who used most.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_kernel::FieldError;
use tenantry_quotas::insight::Dimension;
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::InsightService;
use tenantry_quotas::usage::insights::SeriesRequest;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, Query};
use crate::render::{self, Whole};
use crate::routes::Row;

/// Of what.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// The meter.
    meter: String,
    /// `user` or `key`; `user` when absent.
    by: Option<String>,
    /// From when; 30 days ago when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Until before when; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// How many, 100 at most; 10 when absent.
    count: Option<u32>,
}

/// One of those who used most.
#[derive(Serialize, ToSchema)]
#[schema(as = TopConsumer)]
pub(crate) struct ConsumerView {
    /// The user, or the id of the API key.
    #[schema(example = "user-17")]
    pub name: String,
    /// What was counted, less what was taken back.
    #[schema(example = 420)]
    pub amount: i64,
    /// In how many operations.
    #[schema(example = 400)]
    pub operations: i64,
}

/// Lists the users or API keys that used most of a meter.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage/top", operation_id = "usage_top", tag = "usage",
    params(Filter), responses((status = 200, description = "The most first.", body = Whole<ConsumerView>)))]
async fn handler(InTenant(scope): InTenant, Query(filter): Query<Filter>, insights: Data<InsightService>) -> Answer {
    let by = match filter.by.as_deref() {
        None | Some("user") => Dimension::User,
        Some("key") => Dimension::Key,
        Some(_) => {
            let wrong = FieldError::new("by", "invalid_value", "must be user or key");
            return Err(ApiError::validation(vec![wrong]));
        }
    };
    let request = SeriesRequest {
        meter: filter.meter,
        from: filter.from,
        to: filter.to,
        ..SeriesRequest::default()
    };
    let top = insights.top(&scope, request, by, filter.count.unwrap_or(10)).await?;
    let data = top
        .into_iter()
        .map(|one| ConsumerView {
            name: one.name,
            amount: one.amount,
            operations: one.operations,
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .refuses(422, "unknown_meter")
}
