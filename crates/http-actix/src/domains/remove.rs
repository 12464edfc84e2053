//! DELETE /tenants/{tenant}/domains/{id}

use actix_web::web::Data;
use tenantry_tenancy::domain::CustomDomainId;
use tenantry_tenancy::domain::service::DomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Gives a domain up. The host names nobody any more.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/domains/{id}", operation_id = "domains_remove",
    tag = "domains", responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<CustomDomainId>,
    domains: Data<DomainService>,
) -> Answer {
    domains.remove(&scope, id).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([DOMAINS_MANAGE])
}
