//! Plans and terms for tests.

use tenantry_kernel::{Code, Currency, InvalidCode, Money, Ratio};

use crate::plan::{Cycle, Plan, Price};
use crate::subscription::{Quantity, Terms};

/// A plan with one flat price per month and twelve of it per year; rank and price grow together.
///
/// # Errors
/// [`InvalidCode`].
pub fn flat_plan(code: &str, monthly_minor: i64, currency: Currency) -> Result<Plan, InvalidCode> {
    let monthly = Money::new(monthly_minor, currency);
    let yearly = Money::new(monthly_minor.saturating_mul(12), currency);
    Ok(Plan {
        code: Code::try_from(code)?,
        version: "v1".to_owned(),
        name: code.to_owned(),
        description: String::new(),
        public: true,
        rank: u32::try_from(monthly_minor).unwrap_or(u32::MAX),
        trial_days: 14,
        prices: vec![
            Price::flat(Cycle::Monthly, monthly),
            Price::flat(Cycle::Yearly, yearly),
            Price::flat(Cycle::PayAsYouGo, Money::zero(currency)),
        ],
    })
}

/// A plan with one price per counted unit, billed after each month.
///
/// # Errors
/// [`InvalidCode`].
pub fn per_unit_plan(
    code: &str,
    meter: &str,
    unit_price_minor: Ratio,
    currency: Currency,
) -> Result<Plan, InvalidCode> {
    let meter = Code::try_from(meter)?;
    let price = |cycle| Price::per_unit(cycle, currency, meter.clone(), unit_price_minor);
    Ok(Plan {
        prices: vec![price(Cycle::Monthly), price(Cycle::PayAsYouGo)],
        ..flat_plan(code, 0, currency)?
    })
}

/// Terms for one seat of a plan.
#[must_use]
pub fn terms(plan: &Plan, cycle: Cycle) -> Terms {
    Terms {
        plan: plan.reference(),
        cycle,
        quantity: Quantity::ONE,
    }
}
