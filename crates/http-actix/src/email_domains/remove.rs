//! DELETE /tenants/{tenant}/email-domains/{id}

use actix_web::web::Data;
use tenantry_tenancy::mail_domain::MailDomainId;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::permissions::DOMAINS_MANAGE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Gives a domain of addresses up. It lets nobody in any longer; who came by it stays.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/email-domains/{id}", operation_id = "email_domains_remove",
    tag = "domains", responses((status = 204, description = "Gone.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MailDomainId>,
    domains: Data<MailDomainService>,
) -> Answer {
    domains.remove(&scope, id).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([DOMAINS_MANAGE])
}
