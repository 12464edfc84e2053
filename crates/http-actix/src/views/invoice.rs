//! An invoice and its lines.

use serde::Serialize;
use tenantry_billing::invoice::{Basis, Invoice, InvoiceStatus, Line};
use tenantry_kernel::Ratio;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::render::MoneyView;

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub(crate) struct InvoiceView {
    /// Its id.
    pub id: String,
    /// Its number in the issuer's gap-free series; null until it is finalized.
    #[schema(example = "INV-000042")]
    pub number: Option<String>,
    /// `draft`, `open`, `paid` or `void`.
    pub status: &'static str,
    /// What it is for: `plan_change`, `renewal` or `manual`.
    pub purpose: &'static str,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// What it is made of.
    pub lines: Vec<LineView>,
    /// The sum of the lines; below zero when it grants credit.
    pub subtotal: MoneyView,
    /// Credit used; granted when below zero.
    pub credit_applied: MoneyView,
    /// What is to be paid.
    pub amount_due: MoneyView,
    /// The subtotal, under the name that accountants look for.
    pub total: MoneyView,
    /// When it was finalized.
    #[serde(with = "time::serde::rfc3339::option")]
    pub issued_at: Option<OffsetDateTime>,
    /// When it was paid.
    #[serde(with = "time::serde::rfc3339::option")]
    pub paid_at: Option<OffsetDateTime>,
    /// When it was drafted.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// One line, with everything its amount follows from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvoiceLine)]
pub(crate) struct LineView {
    /// `subscription`, `proration_charge`, `proration_credit` or `usage`.
    pub kind: &'static str,
    /// What it says.
    pub description: String,
    /// How many units.
    #[schema(example = "1")]
    pub quantity: String,
    /// Minor units per unit; a fraction where the price is finer than a minor unit.
    #[schema(example = "2900")]
    pub unit_price: String,
    /// When the period begins.
    #[serde(with = "time::serde::rfc3339")]
    pub period_start: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub period_end: OffsetDateTime,
    /// Which part of the period is billed, or kept for a credit.
    #[schema(example = "1/2")]
    pub fraction: String,
    /// How the amount follows: `product` or `residual`.
    pub rule: &'static str,
    /// The amount.
    pub amount: MoneyView,
}

impl From<&Basis> for LineView {
    fn from(basis: &Basis) -> Self {
        Self {
            kind: basis.kind().as_str(),
            description: basis.description().to_owned(),
            quantity: fraction(basis.quantity()),
            unit_price: fraction(basis.unit_price()),
            period_start: basis.period().start(),
            period_end: basis.period().end(),
            fraction: fraction(basis.fraction()),
            rule: basis.rule().as_str(),
            amount: basis.amount().into(),
        }
    }
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self::from(&line.basis)
    }
}

impl From<&Invoice> for InvoiceView {
    fn from(invoice: &Invoice) -> Self {
        let paid_at = match invoice.status() {
            InvoiceStatus::Paid { at } => Some(at),
            _ => None,
        };
        Self {
            id: invoice.id().to_string(),
            number: invoice.number().map(|number| number.to_string()),
            status: invoice.status().as_str(),
            purpose: invoice.purpose().as_str(),
            currency: invoice.currency().to_string(),
            lines: invoice.lines().iter().map(LineView::from).collect(),
            subtotal: invoice.subtotal().into(),
            credit_applied: invoice.credit_applied().into(),
            amount_due: invoice.amount_due().into(),
            total: invoice.subtotal().into(),
            issued_at: invoice.issue().map(|issue| issue.at),
            paid_at,
            created_at: invoice.created_at(),
        }
    }
}

/// `3`, or `1/2`: exact, whatever the denominator.
pub(crate) fn fraction(ratio: Ratio) -> String {
    match ratio.denominator() {
        1 => ratio.numerator().to_string(),
        below => format!("{}/{below}", ratio.numerator()),
    }
}
