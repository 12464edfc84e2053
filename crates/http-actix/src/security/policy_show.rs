//! GET /tenants/{tenant}/security-policy

use actix_web::web::Data;
use tenantry_tenancy::permissions::SECURITY_MANAGE;
use tenantry_tenancy::security::service::SecurityService;

use super::{Document, tagged};
use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;

/// Shows the security policy.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/security-policy", operation_id = "security_policy_show",
    tag = "security", responses((status = 200, description = "The policy.", body = Document)))]
async fn handler(InTenant(scope): InTenant, security: Data<SecurityService>) -> Answer {
    let stored = security.show(&scope).await?;
    Ok(render::single(
        tagged(&scope),
        stored.version,
        &Document::from(&stored.policy),
    ))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SECURITY_MANAGE]).tagged()
}
