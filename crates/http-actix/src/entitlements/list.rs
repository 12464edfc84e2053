//! GET /tenants/{tenant}/entitlements

use std::collections::BTreeMap;

use actix_web::web::Data;
use serde::Serialize;
use tenantry_kernel::Clock;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_tenancy::permissions::TENANT_READ;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::problem::json_of;
use crate::render;
use crate::routes::Row;

/// What the tenant may use.
#[derive(Serialize, ToSchema)]
#[schema(as = Entitlements)]
struct View {
    /// The plan.
    #[schema(example = "pro")]
    plan: String,
    /// The features that are switched on.
    #[schema(example = json!(["api_access"]))]
    features: Vec<String>,
    /// What it grants that is neither counted nor switched.
    #[schema(value_type = Object, example = json!({"max_upload_mb": 50}))]
    values: BTreeMap<String, serde_json::Value>,
    /// How much of each meter, in its longest period; null is unlimited.
    #[schema(example = json!({"messages": 100_000}))]
    limits: BTreeMap<String, Option<i64>>,
    /// Goes up with every change.
    #[schema(example = 3)]
    revision: i64,
}

/// Shows what the tenant's plan grants. Answered from memory, and right within a second after a change on any node.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/entitlements", operation_id = "entitlements_list",
    tag = "entitlements", responses((status = 200, description = "What it may use.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    entitlements: Data<EntitlementService>,
    catalog: Data<Catalog>,
    clock: Data<dyn Clock>,
) -> Answer {
    let granted = entitlements.of(scope.tenant_id()).await?;
    let now = clock.now(&scope);
    let limit = |meter: &tenantry_quotas::meter::Meter| (meter.code.to_string(), granted.allowance(meter, now).limit);
    Ok(render::ok(&View {
        plan: granted.plan.to_string(),
        features: granted.features.iter().map(ToString::to_string).collect(),
        values: granted
            .values
            .iter()
            .map(|(name, value)| (name.to_string(), json_of(value)))
            .collect(),
        limits: catalog.meters().iter().map(limit).collect(),
        revision: granted.revision,
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([TENANT_READ, CONSUME_USAGE])
        .refuses(402, "no_plan")
}
