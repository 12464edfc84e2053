//! GET /tenants/{tenant}/email-domains

use actix_web::web::Data;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::permissions::DOMAINS_READ;

use super::EmailDomainView;
use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Lists the tenant's domains of addresses, oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/email-domains", operation_id = "email_domains_list",
    tag = "domains", responses((status = 200, description = "A page of domains.", body = Listed<EmailDomainView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, domains: Data<MailDomainService>) -> Answer {
    let page = domains.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|domain| EmailDomainView::from(&domain))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([DOMAINS_READ]).paged()
}
