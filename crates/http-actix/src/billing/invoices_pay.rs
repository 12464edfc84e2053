//! POST /tenants/{tenant}/invoices/{id}/pay: pays an open invoice.

use actix_web::web;
use serde::Deserialize;
use tenantry_billing::invoice::InvoiceId;
use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_lifecycle::owed::{OwedInvoiceService, PayInvoice};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::invoice::InvoiceView;

/// What to charge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PayInvoice, example = json!({"payment_method": "card_1234567890"}))]
struct Body {
    /// The gateway's token of a card, or the id of a payment method on file; the default one when absent.
    #[serde(default)]
    payment_method: Option<String>,
}

/// Pays an open invoice. A tenant that was suspended for it is open again with the answer.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invoices/{id}/pay", operation_id = "invoices_pay",
    tag = "invoices", request_body = Option<Body>,
    responses((status = 200, description = "The paid invoice.", body = InvoiceView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<InvoiceId>,
    owed: web::Data<OwedInvoiceService>,
) -> Answer {
    let request = PayInvoice {
        invoice: id,
        payment_method: body.and_then(|body| body.payment_method),
    };
    let invoice = owed.pay(&scope, request).await?;
    Ok(render::single(
        id.as_uuid(),
        invoice.version(),
        &InvoiceView::from(&invoice),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .for_paying()
        .once()
        .refuses(402, "payment_required")
        .refuses(404, "not_found")
        .refuses(409, "invoice_already_paid")
        .refuses(409, "invoice_draft")
        .refuses(409, "invoice_void")
        .refuses(409, "payment_in_progress")
        .refuses(422, "invalid_payment_method")
        .refuses(503, "gateway_unavailable")
        .refuses(503, "payment_pending")
}
