//! GET /tenants/{tenant}/invoices/{id}/explain: why an invoice says what it says.

use actix_web::web;
use serde::Serialize;
use tenantry_billing::invoice::{Explanation, InvoiceId, InvoiceService};
use tenantry_billing::permissions::INVOICES_READ;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render::{self, MoneyView};
use crate::routes::Row;
use crate::views::invoice::fraction;

/// An invoice, recomputed from the basis of each line.
#[derive(Serialize, ToSchema)]
#[schema(as = InvoiceExplanation)]
struct View {
    /// Its lines.
    lines: Vec<LineView>,
    /// Their sum.
    subtotal: MoneyView,
    /// Credit used; granted when below zero.
    credit_applied: MoneyView,
    /// The subtotal less the credit.
    amount_due: MoneyView,
    /// True when everything recomputed equals what the invoice says.
    agrees: bool,
}

/// One line, recomputed.
#[derive(Serialize, ToSchema)]
#[schema(as = LineExplanation)]
struct LineView {
    /// What the line says.
    description: String,
    /// Minor units before rounding, exactly.
    exact_minor: String,
    /// The same, rounded once, half away from zero.
    rounded: MoneyView,
    /// What had been billed, for a credit of what is left.
    billed: Option<MoneyView>,
    /// The amount that follows.
    amount: MoneyView,
    /// The calculation in one sentence.
    sentence: String,
}

impl From<&Explanation> for View {
    fn from(explained: &Explanation) -> Self {
        let lines = explained.lines.iter().map(|line| LineView {
            description: line.description.clone(),
            exact_minor: fraction(line.exact_minor),
            rounded: line.rounded.into(),
            billed: line.billed.map(MoneyView::from),
            amount: line.amount.into(),
            sentence: line.sentence.clone(),
        });
        Self {
            lines: lines.collect(),
            subtotal: explained.subtotal.into(),
            credit_applied: explained.credit_applied.into(),
            amount_due: explained.amount_due.into(),
            agrees: explained.agrees,
        }
    }
}

/// Recomputes an invoice, to the cent, from what its lines were made of.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/invoices/{id}/explain", operation_id = "invoices_explain",
    tag = "invoices", responses((status = 200, description = "The calculation.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<InvoiceId>,
    invoices: web::Data<InvoiceService>,
) -> Answer {
    let explained = invoices.explain(&scope, id).await?;
    Ok(render::ok(&View::from(&explained)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([INVOICES_READ])
        .for_paying()
        .refuses(404, "not_found")
}
