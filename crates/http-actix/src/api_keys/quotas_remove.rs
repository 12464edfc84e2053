//! DELETE /tenants/{tenant}/api-keys/{id}/quotas/{meter}: no limit of the key's own any more.

use actix_web::web::Data;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_kernel::ApiKeyId;
use tenantry_quotas::entitlement::EntitlementService;

use crate::error::Answer;
use crate::extract::{InTenant, PathId, PathText};
use crate::render;
use crate::routes::Row;

/// Takes a key's own limit on a meter away; the plan's for every key holds again. One that was not there is no error.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/api-keys/{id}/quotas/{meter}",
    operation_id = "api_keys_quotas_remove", tag = "api keys",
    responses((status = 204, description = "It is not there.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ApiKeyId>,
    PathText(meter): PathText,
    keys: Data<ApiKeyService>,
    entitlements: Data<EntitlementService>,
) -> Answer {
    keys.of_tenant(&scope, id).await?;
    entitlements
        .limit_key(&scope, &API_KEYS_MANAGE, id, &meter, None)
        .await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([API_KEYS_MANAGE])
        .refuses(422, "unknown_meter")
        .refuses(409, "limit_set_by_operator")
        .refuses(402, "no_plan")
}
