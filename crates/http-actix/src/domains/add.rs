//! POST /tenants/{tenant}/domains

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_tenancy::domain::HostName;
use tenantry_tenancy::domain::service::DomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;
use utoipa::ToSchema;

use super::DomainView;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A host to claim.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The host. Also `host`.
    #[serde(alias = "host")]
    #[schema(example = "app.acme.example")]
    domain: String,
}

/// Claims a host. It names the tenant once its DNS record is verified, not before.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/domains", operation_id = "domains_add", tag = "domains",
    request_body = Body, responses((status = 201, description = "The domain and its record.", body = DomainView)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, domains: Data<DomainService>) -> Answer {
    let host = HostName::try_from(body.domain.as_str()).map_err(|refused| ApiError::invalid("domain", &refused))?;
    let domain = domains.add(&scope, host).await?;
    let location = format!("/api/v1/tenants/{}/domains/{}", scope.tenant_id(), domain.id());
    Ok(render::created(&location, &DomainView::from(&domain)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([DOMAINS_MANAGE])
        .once()
        .refuses(409, "domain_taken")
        .refuses(409, "too_many_domains")
}
