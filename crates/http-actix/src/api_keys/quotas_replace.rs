//! PUT /tenants/{tenant}/api-keys/{id}/quotas/{meter}: a limit of the key's own.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::ApiKeyId;
use tenantry_quotas::entitlement::EntitlementService;
use utoipa::ToSchema;

use super::quotas_list::LimitView;
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody, PathId, PathText};
use crate::render::{self, Whole};
use crate::routes::Row;

/// A limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LimitApiKey)]
struct Body {
    /// How much per period of the meter; at most what the plan allows a key.
    #[schema(example = 500)]
    limit: i64,
}

/// Gives a key a limit of its own on a meter, beside the tenant's. It counts from the present period on.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/api-keys/{id}/quotas/{meter}",
    operation_id = "api_keys_quotas_replace", tag = "api keys", request_body = Body,
    responses((status = 200, description = "The key's limits now.", body = Whole<LimitView>)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<ApiKeyId>,
    PathText(meter): PathText,
    keys: Data<ApiKeyService>,
    entitlements: Data<EntitlementService>,
) -> Answer {
    keys.of_tenant(&scope, id).await?;
    entitlements
        .limit_key(&scope, &API_KEYS_MANAGE, id, &meter, Some(body.limit))
        .await?;
    let limits = entitlements.key_limits(&scope, &API_KEYS_MANAGE, id).await?;
    let data: Vec<LimitView> = limits.into_iter().map(LimitView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_MANAGE])
        .refuses(422, "unknown_meter")
        .refuses(409, "limit_set_by_operator")
        .refuses(402, "no_plan")
}
