//! POST /tenants/{tenant}/invoices/{id}/void: waives an open invoice.

use actix_web::web;
use tenantry_billing::invoice::InvoiceId;
use tenantry_billing::permissions::PLATFORM_MANAGE;
use tenantry_lifecycle::owed::OwedInvoiceService;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::invoice::InvoiceView;

/// Waives an open invoice. Operators only: a tenant cannot forgive its own debt.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invoices/{id}/void", operation_id = "invoices_void",
    tag = "invoices", responses((status = 200, description = "The void invoice.", body = InvoiceView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<InvoiceId>,
    owed: web::Data<OwedInvoiceService>,
) -> Answer {
    let invoice = owed.void(&scope, id).await?;
    Ok(render::single(
        id.as_uuid(),
        invoice.version(),
        &InvoiceView::from(&invoice),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([PLATFORM_MANAGE])
        .once()
        .refuses(404, "not_found")
        .refuses(409, "invoice_already_paid")
        .refuses(409, "invoice_draft")
        .refuses(409, "invoice_void")
        .refuses(409, "payment_in_progress")
}
