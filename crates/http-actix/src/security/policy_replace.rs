//! PUT /tenants/{tenant}/security-policy: the whole policy; what is absent asks for nothing.

use actix_web::web::Data;
use tenantry_tenancy::permissions::SECURITY_MANAGE;
use tenantry_tenancy::security::service::SecurityService;

use super::{Document, tagged};
use crate::error::Answer;
use crate::extract::{IfMatch, InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// Replaces the security policy.
///
/// A list of addresses that does not contain the caller's own is refused.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/security-policy", operation_id = "security_policy_replace",
    tag = "security", request_body = Document,
    responses((status = 200, description = "The policy now.", body = Document)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Document>,
    IfMatch(wanted): IfMatch,
    security: Data<SecurityService>,
) -> Answer {
    let id = tagged(&scope);
    let expected = wanted.version_of(id)?;
    let stored = security.replace(&scope, &body.into(), expected).await?;
    Ok(render::single(id, stored.version, &Document::from(&stored.policy)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([SECURITY_MANAGE])
        .step_up()
        .conditional()
        .refuses(422, "would_lock_you_out")
}
