//! POST /tenants/{tenant}/email-domains

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::EmailDomain;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;
use utoipa::ToSchema;

use super::EmailDomainView;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// A domain to claim.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// What stands after the `@`.
    #[schema(example = "acme.example")]
    domain: String,
}

/// Claims a domain of addresses. Several tenants may prove the same one; where anybody can have an address, none may.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/email-domains", operation_id = "email_domains_add",
    tag = "domains", request_body = Body,
    responses((status = 201, description = "The domain and its record.", body = EmailDomainView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    domains: Data<MailDomainService>,
) -> Answer {
    let domain = EmailDomain::try_from(body.domain).map_err(|refused| ApiError::invalid("domain", &refused))?;
    let domain = domains.add(&scope, domain).await?;
    let location = format!("/api/v1/tenants/{}/email-domains/{}", scope.tenant_id(), domain.id());
    Ok(render::created(&location, &EmailDomainView::from(&domain)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([DOMAINS_MANAGE])
        .once()
        .refuses(409, "domain_taken")
        .refuses(409, "too_many_domains")
}
