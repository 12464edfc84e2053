//! POST /tenants/{tenant}/domains/{id}/verify

use actix_web::web::Data;
use tenantry_tenancy::domain::CustomDomainId;
use tenantry_tenancy::domain::service::DomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;

use super::DomainView;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Looks for the DNS record; from then on the host names the tenant.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/domains/{id}/verify", operation_id = "domains_verify",
    tag = "domains", responses((status = 200, description = "Verified.", body = DomainView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<CustomDomainId>,
    domains: Data<DomainService>,
) -> Answer {
    let domain = domains.verify(&scope, id).await?;
    Ok(render::ok(&DomainView::from(&domain)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([DOMAINS_MANAGE])
        .refuses(409, "domain_not_verified")
        .refuses(409, "domain_taken")
}
