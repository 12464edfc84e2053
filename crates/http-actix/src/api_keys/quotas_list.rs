//! GET /tenants/{tenant}/api-keys/{id}/quotas: the limits of one key.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_READ;
use tenantry_kernel::ApiKeyId;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::entitlement::service::KeyLimit;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render::{self, Whole};
use crate::routes::Row;

/// The limit of a key on a meter.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyLimit)]
pub(super) struct LimitView {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much per period of the meter; null is unlimited.
    #[schema(example = 500)]
    limit: Option<i64>,
    /// Who set it: `plan`, `tenant` or `operator`.
    #[schema(example = "tenant")]
    source: &'static str,
}

impl From<KeyLimit> for LimitView {
    fn from(limit: KeyLimit) -> Self {
        Self {
            meter: limit.meter.to_string(),
            limit: limit.limit,
            source: limit.source.as_str(),
        }
    }
}

/// Shows the limits that hold for a key beside the tenant's own: the plan's for every key, and the key's own.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/api-keys/{id}/quotas", operation_id = "api_keys_quotas_list",
    tag = "api keys", responses((status = 200, description = "Meters with a limit.", body = Whole<LimitView>)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    keys: Data<ApiKeyService>,
    entitlements: Data<EntitlementService>,
) -> Answer {
    keys.show(&scope, id).await?;
    let limits = entitlements.key_limits(&scope, &API_KEYS_READ, id).await?;
    let data: Vec<LimitView> = limits.into_iter().map(LimitView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_READ])
        .refuses(402, "no_plan")
}
