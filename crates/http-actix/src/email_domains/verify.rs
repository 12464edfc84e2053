//! POST /tenants/{tenant}/email-domains/{id}/verify

use actix_web::web::Data;
use tenantry_tenancy::mail_domain::MailDomainId;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;

use super::EmailDomainView;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Looks for the DNS record; from then on people with an address there come in as the security policy says. Needs a
/// log-in within the last ten minutes.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/email-domains/{id}/verify",
    operation_id = "email_domains_verify", tag = "domains",
    responses((status = 200, description = "Verified.", body = EmailDomainView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MailDomainId>,
    domains: Data<MailDomainService>,
) -> Answer {
    let domain = domains.verify(&scope, id).await?;
    Ok(render::ok(&EmailDomainView::from(&domain)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([DOMAINS_MANAGE])
        .step_up()
        .refuses(409, "domain_not_verified")
        .refuses(422, "validation_failed")
}
