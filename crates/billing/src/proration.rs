//! Lines: a period in advance, the rest of one, the credit for what will not be used, counted units.
//!
//! Proration is by second over the real period. The credit is what was billed less what is kept, so that the lines of
//! a period add up to what was used, whatever happened in between.

use std::collections::BTreeMap;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Code, Currency, Ratio};
use time::OffsetDateTime;

use crate::invoice::{Basis, LineKind};
use crate::period::Period;
use crate::plan::{Plan, PriceBasis};
use crate::subscription::{Prepaid, Subscription, Terms};

/// How many units of each meter were counted in a period. The caller asks whoever counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    units: BTreeMap<Code, u64>,
    mark: Option<i64>,
}

/// Usage that lines bill for good, in the words of whoever counted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedSpan {
    /// The meters.
    pub meters: Vec<Code>,
    /// From when.
    pub from: OffsetDateTime,
    /// Until when.
    pub until: OffsetDateTime,
    /// Up to which mark of the counter: what is counted later was not billed.
    pub mark: i64,
}

impl Counts {
    /// Nothing was counted.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            units: BTreeMap::new(),
            mark: None,
        }
    }

    /// The same, read up to this mark of the counter: with it, what is billed can be closed.
    #[must_use]
    pub fn up_to(self, mark: Option<i64>) -> Self {
        Self { mark, ..self }
    }

    /// What lines of these counts bill, if it can be closed.
    pub(crate) fn span(&self, from: OffsetDateTime, until: OffsetDateTime) -> Option<CountedSpan> {
        let mark = self.mark.filter(|_| !self.units.is_empty())?;
        Some(CountedSpan {
            meters: self.units.keys().cloned().collect(),
            from,
            until,
            mark,
        })
    }

    /// The units of one meter; zero when it was not counted.
    #[must_use]
    pub fn of(&self, meter: &Code) -> u64 {
        self.units.get(meter).copied().unwrap_or(0)
    }
}

impl FromIterator<(Code, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Code, u64)>>(counts: I) -> Self {
        Self {
            units: counts.into_iter().collect(),
            mark: None,
        }
    }
}

/// The line for a period in advance, from `from` until its end; `None` when nothing is billed in advance.
///
/// # Errors
/// [`MoneyError::OutOfRange`].
pub fn in_advance(
    plan: &Plan,
    terms: &Terms,
    currency: Currency,
    period: Period,
    from: OffsetDateTime,
) -> Result<Option<Basis>, MoneyError> {
    let Some(price) = plan.advance_price(terms.cycle, currency) else {
        return Ok(None);
    };
    let fraction = period.fraction(from, period.end());
    let (kind, description) = if fraction == Ratio::ONE {
        (LineKind::Subscription, format!("{} ({})", plan.name, terms.cycle))
    } else {
        (
            LineKind::ProrationCharge,
            format!("Remaining time on {} ({})", plan.name, terms.cycle),
        )
    };
    let quantity = price.units_for(terms.quantity);
    let part = (period, fraction);
    Basis::charge(kind, description, quantity, price.unit_price_minor(), part, currency).map(Some)
}

/// The credit for what was billed in advance and will not be used after `now`; `None` when nothing is left.
///
/// # Errors
/// [`MoneyError`].
pub fn unused(subscription: &Subscription, plan: &Plan, now: OffsetDateTime) -> Result<Option<Basis>, MoneyError> {
    let terms = subscription.terms();
    let (Some(Prepaid { from, amount }), Some(price)) = (
        subscription.prepaid(),
        plan.advance_price(terms.cycle, subscription.currency()),
    ) else {
        return Ok(None);
    };
    let period = subscription.period();
    let line = Basis::residual(
        format!("Unused time on {} ({})", plan.name, terms.cycle),
        price.units_for(terms.quantity),
        price.unit_price_minor(),
        (period, period.fraction(from, now)),
        amount,
    )?;
    Ok(Some(line).filter(|line| !line.amount().is_zero()))
}

/// The lines for what is billed after `period`, until `until`; a price that comes to nothing makes no line.
///
/// # Errors
/// [`MoneyError::OutOfRange`].
pub fn in_arrears(
    plan: &Plan,
    terms: &Terms,
    currency: Currency,
    counts: &Counts,
    (period, until): (Period, OffsetDateTime),
) -> Result<Vec<Basis>, MoneyError> {
    let mut lines = Vec::new();
    for price in plan.arrears_prices(terms.cycle, currency) {
        let (kind, description, quantity, fraction) = match price.basis() {
            PriceBasis::PerUnit { meter, .. } => (
                LineKind::Usage,
                format!("{}: {meter}", plan.name),
                Ratio::whole(i128::from(counts.of(meter))),
                Ratio::ONE,
            ),
            PriceBasis::Flat { .. } | PriceBasis::PerSeat { .. } => (
                LineKind::Subscription,
                format!("{} ({})", plan.name, terms.cycle),
                price.units_for(terms.quantity),
                period.fraction(period.start(), until),
            ),
        };
        let part = (period, fraction);
        let line = Basis::charge(kind, description, quantity, price.unit_price_minor(), part, currency)?;
        if !line.amount().is_zero() {
            lines.push(line);
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
