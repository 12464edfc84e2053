//! GET /tenants/{tenant}/domains

use actix_web::web::Data;
use tenantry_tenancy::domain::service::DomainService;
use tenantry_tenancy::permissions::DOMAINS_READ;

use super::DomainView;
use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Lists the tenant's domains, oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/domains", operation_id = "domains_list", tag = "domains",
    responses((status = 200, description = "A page of domains.", body = Listed<DomainView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, domains: Data<DomainService>) -> Answer {
    let page = domains.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|domain| DomainView::from(&domain))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([DOMAINS_READ]).paged()
}
