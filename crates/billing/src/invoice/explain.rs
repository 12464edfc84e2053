//! Why an invoice says what it says, recomputed from the basis of each line.

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Money, Ratio};

use super::line::{Line, LineId, Rule};
use super::model::Invoice;

/// One line, recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineExplanation {
    /// The line.
    pub line: LineId,
    /// What it says.
    pub description: String,
    /// Quantity × unit price × fraction, before rounding.
    pub exact_minor: Ratio,
    /// The same, rounded once, half away from zero.
    pub rounded: Money,
    /// What had been billed, for a credit of what is left.
    pub billed: Option<Money>,
    /// The amount that follows.
    pub amount: Money,
    /// The calculation in one sentence.
    pub sentence: String,
}

/// An invoice, recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its lines.
    pub lines: Vec<LineExplanation>,
    /// Their sum.
    pub subtotal: Money,
    /// Credit used, or granted when negative.
    pub credit_applied: Money,
    /// The subtotal less the credit.
    pub amount_due: Money,
    /// True when everything recomputed equals what the invoice says.
    pub agrees: bool,
}

/// Recomputes an invoice from its lines.
///
/// # Errors
/// [`MoneyError`].
pub fn explain(invoice: &Invoice) -> Result<Explanation, MoneyError> {
    let lines = invoice
        .lines()
        .iter()
        .map(explain_line)
        .collect::<Result<Vec<_>, _>>()?;
    let subtotal = Money::sum(lines.iter().map(|line| line.amount), invoice.currency())?;
    let amount_due = subtotal.minus(invoice.credit_applied())?;
    let lines_agree = lines
        .iter()
        .zip(invoice.lines())
        .all(|(again, line)| again.amount == line.amount());
    Ok(Explanation {
        agrees: lines_agree && subtotal == invoice.subtotal() && amount_due == invoice.amount_due(),
        lines,
        subtotal,
        credit_applied: invoice.credit_applied(),
        amount_due,
    })
}

fn explain_line(line: &Line) -> Result<LineExplanation, MoneyError> {
    let basis = &line.basis;
    let amount = basis.recompute()?;
    let exact_minor = basis.exact()?;
    let rounded = Money::rounded(exact_minor, amount.currency())?;
    let product = format!(
        "{} × {} minor units × {} of {} to {} = {}, rounded half away from zero to {rounded}",
        fraction_text(basis.quantity()),
        fraction_text(basis.unit_price()),
        fraction_text(basis.fraction()),
        basis.period().start().date(),
        basis.period().end().date(),
        fraction_text(exact_minor),
    );
    let (billed, sentence) = match basis.rule() {
        Rule::Product => (None, product),
        Rule::Residual { billed } => (
            Some(billed),
            format!("{product}, is kept; of the {billed} that had been billed the rest is credited: {amount}"),
        ),
    };
    Ok(LineExplanation {
        line: line.id,
        description: basis.description().to_owned(),
        exact_minor,
        rounded,
        billed,
        amount,
        sentence,
    })
}

fn fraction_text(ratio: Ratio) -> String {
    if ratio.denominator() == 1 {
        ratio.numerator().to_string()
    } else {
        format!("{}/{}", ratio.numerator(), ratio.denominator())
    }
}
