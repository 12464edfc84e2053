//! GET /tenants/{tenant}/invoices: what the tenant was billed.

use actix_web::web;
use tenantry_billing::invoice::InvoiceService;
use tenantry_billing::permissions::INVOICES_READ;

use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::invoice::InvoiceView;

/// Lists invoices, newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/invoices", operation_id = "invoices_list", tag = "invoices",
    responses((status = 200, description = "A page of invoices.", body = Listed<InvoiceView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, invoices: web::Data<InvoiceService>) -> Answer {
    let page = invoices.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|invoice| InvoiceView::from(&invoice))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([INVOICES_READ])
        .for_paying()
        .paged()
}
