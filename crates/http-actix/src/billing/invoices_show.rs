//! GET /tenants/{tenant}/invoices/{id}: one invoice.

use actix_web::web;
use tenantry_billing::invoice::{InvoiceId, InvoiceService};
use tenantry_billing::permissions::INVOICES_READ;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::invoice::InvoiceView;

/// Shows an invoice.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/invoices/{id}", operation_id = "invoices_show", tag = "invoices",
    responses((status = 200, description = "The invoice.", body = InvoiceView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<InvoiceId>,
    invoices: web::Data<InvoiceService>,
) -> Answer {
    let invoice = invoices.show(&scope, id).await?;
    Ok(render::single(
        id.as_uuid(),
        invoice.version(),
        &InvoiceView::from(&invoice),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([INVOICES_READ])
        .for_paying()
        .refuses(404, "not_found")
}
