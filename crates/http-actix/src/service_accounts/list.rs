//! GET /tenants/{tenant}/service-accounts

use actix_web::web::Data;
use tenantry_identity::permissions::SERVICE_ACCOUNTS_READ;
use tenantry_identity::service_account::ServiceAccountService;

use super::ServiceAccountView;
use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Lists the tenant's service accounts, the youngest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/service-accounts", operation_id = "service_accounts_list",
    tag = "service accounts",
    responses((status = 200, description = "A page of accounts.", body = Listed<ServiceAccountView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, accounts: Data<ServiceAccountService>) -> Answer {
    let page = accounts.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|account| ServiceAccountView::from(&account))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SERVICE_ACCOUNTS_READ]).paged()
}
