//! DELETE /tenants/{tenant}/quotas/{meter}: the plan's limit holds again.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_quotas::entitlement::EntitlementService;
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, PathText, Query};
use crate::render;
use crate::routes::Row;

/// Whose.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `user:<name>` or `key:<id>`; the tenant's as a whole when absent.
    subject: Option<String>,
}

/// Takes an operator's limit away. For operators.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/quotas/{meter}", operation_id = "quotas_remove", tag = "quotas",
    params(Filter), responses((status = 204, description = "The plan's limit holds.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathText(meter): PathText,
    Query(filter): Query<Filter>,
    entitlements: Data<EntitlementService>,
) -> Answer {
    let subject = filter.subject.unwrap_or_default();
    let removed = entitlements
        .remove_override(&scope, &PLATFORM_MANAGE, &meter, &subject)
        .await?;
    if removed {
        Ok(render::nothing())
    } else {
        Err(ApiError::not_found())
    }
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([PLATFORM_MANAGE])
        .refuses(422, "unknown_meter")
}
