//! Monthly recurring revenue, as an exact fraction that is rounded once, at the end.

use std::collections::BTreeMap;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::ratio::OutOfRange;
use tenantry_kernel::{Currency, Money, Ratio};

use crate::plan::{Cycle, Plan};
use crate::subscription::{Quantity, Status, Subscription};

/// What one subscription adds per month: exact minor units, and their currency.
///
/// A year counts a twelfth. Trials and cancelled subscriptions add nothing, past due ones still count, and what is
/// counted and billed in arrears is no recurring revenue.
///
/// # Errors
/// [`OutOfRange`].
pub fn of(subscription: &Subscription, plan: &Plan) -> Result<(Ratio, Currency), OutOfRange> {
    let currency = subscription.currency();
    if matches!(
        subscription.status(),
        Status::Trialing { .. } | Status::Cancelled { .. }
    ) {
        return Ok((Ratio::ZERO, currency));
    }
    Ok((
        of_terms(plan, subscription.cycle(), subscription.quantity(), currency)?,
        currency,
    ))
}

/// What a subscription on these terms adds per month while it is in force: exact minor units.
///
/// # Errors
/// [`OutOfRange`].
pub fn of_terms(plan: &Plan, cycle: Cycle, quantity: Quantity, currency: Currency) -> Result<Ratio, OutOfRange> {
    let Some(price) = plan.advance_price(cycle, currency) else {
        return Ok(Ratio::ZERO);
    };
    let share = Ratio::new(1, i128::from(cycle.months()))?;
    price.unit_price_minor().times(price.units_for(quantity))?.times(share)
}

/// Sums per currency; currencies are never converted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrr(BTreeMap<Currency, Ratio>);

impl Mrr {
    /// Adds what one subscription adds.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn add(&mut self, (monthly, currency): (Ratio, Currency)) -> Result<(), OutOfRange> {
        let sum = self.0.entry(currency).or_insert(Ratio::ZERO);
        *sum = sum.plus(monthly)?;
        Ok(())
    }

    /// The monthly revenue per currency, rounded once.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn monthly(&self) -> Result<Vec<Money>, MoneyError> {
        self.rounded(Ratio::ONE)
    }

    /// Twelve months of it per currency, rounded once.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn annual(&self) -> Result<Vec<Money>, MoneyError> {
        self.rounded(Ratio::whole(12))
    }

    fn rounded(&self, months: Ratio) -> Result<Vec<Money>, MoneyError> {
        self.0
            .iter()
            .map(|(currency, sum)| Money::rounded(sum.times(months)?, *currency))
            .collect()
    }
}

#[cfg(test)]
mod tests;
