//! Plans and their prices, as the catalog publishes them.
//!
//! A published version never changes: subscriptions refer to `(code, version)` and keep what they bought.

use std::fmt;
use std::sync::Arc;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Code, Currency, Money, Ratio};

use crate::subscription::Quantity;

/// How often a subscription is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cycle {
    /// Nothing in advance; what was used is billed at the end of each month.
    PayAsYouGo,
    /// Each month, in advance.
    Monthly,
    /// Each year, in advance.
    Yearly,
}

/// The text names no cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be monthly, yearly or pay_as_you_go")]
pub struct UnknownCycle;

impl Cycle {
    /// The cycle as the API and the catalog write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayAsYouGo => "pay_as_you_go",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }

    /// The length of one period in calendar months.
    #[must_use]
    pub const fn months(self) -> u8 {
        match self {
            Self::PayAsYouGo | Self::Monthly => 1,
            Self::Yearly => 12,
        }
    }
}

impl TryFrom<&str> for Cycle {
    type Error = UnknownCycle;

    fn try_from(text: &str) -> Result<Self, UnknownCycle> {
        match text {
            "pay_as_you_go" => Ok(Self::PayAsYouGo),
            "monthly" => Ok(Self::Monthly),
            "yearly" => Ok(Self::Yearly),
            _ => Err(UnknownCycle),
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One version of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanRef {
    /// The plan.
    pub code: Code,
    /// The version: a content hash, given when the catalog was published.
    pub version: String,
}

/// What a price is multiplied with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceBasis {
    /// One amount per period.
    Flat {
        /// The amount.
        amount: Money,
    },
    /// An amount per seat and period; the seats are the subscription's quantity.
    PerSeat {
        /// The amount for one seat.
        amount: Money,
    },
    /// An amount per counted unit, billed when the period is over.
    PerUnit {
        /// What is counted.
        meter: Code,
        /// Minor units for one unit; may be finer than a minor unit.
        unit_price_minor: Ratio,
    },
}

/// A price of a plan, in one currency, for one cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    cycle: Cycle,
    currency: Currency,
    basis: PriceBasis,
}

impl Price {
    /// One amount per period.
    #[must_use]
    pub const fn flat(cycle: Cycle, amount: Money) -> Self {
        Self {
            cycle,
            currency: amount.currency(),
            basis: PriceBasis::Flat { amount },
        }
    }

    /// An amount per seat and period.
    #[must_use]
    pub const fn per_seat(cycle: Cycle, amount: Money) -> Self {
        Self {
            cycle,
            currency: amount.currency(),
            basis: PriceBasis::PerSeat { amount },
        }
    }

    /// An amount per counted unit of `meter`, in exact minor units.
    #[must_use]
    pub const fn per_unit(cycle: Cycle, currency: Currency, meter: Code, unit_price_minor: Ratio) -> Self {
        Self {
            cycle,
            currency,
            basis: PriceBasis::PerUnit {
                meter,
                unit_price_minor,
            },
        }
    }

    /// For which cycle.
    #[must_use]
    pub const fn cycle(&self) -> Cycle {
        self.cycle
    }

    /// In which currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// What it is multiplied with.
    #[must_use]
    pub const fn basis(&self) -> &PriceBasis {
        &self.basis
    }

    /// Exact minor units for one: one period, one seat, or one counted unit.
    #[must_use]
    pub fn unit_price_minor(&self) -> Ratio {
        match &self.basis {
            PriceBasis::Flat { amount } | PriceBasis::PerSeat { amount } => {
                Ratio::whole(i128::from(amount.amount_minor()))
            }
            PriceBasis::PerUnit { unit_price_minor, .. } => *unit_price_minor,
        }
    }

    /// How often its unit price is due for `seats`: once per seat, or once.
    #[must_use]
    pub fn units_for(&self, seats: Quantity) -> Ratio {
        match self.basis {
            PriceBasis::PerSeat { .. } => Ratio::whole(i128::from(seats.get())),
            PriceBasis::Flat { .. } | PriceBasis::PerUnit { .. } => Ratio::ONE,
        }
    }

    /// What one whole period costs in advance for `seats`.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn for_period(&self, seats: Quantity) -> Result<Money, MoneyError> {
        let exact = self.unit_price_minor().times(self.units_for(seats))?;
        Money::rounded(exact, self.currency())
    }

    /// True when it is billed after the period rather than before it: counted units, and everything under
    /// pay-as-you-go.
    #[must_use]
    pub const fn in_arrears(&self) -> bool {
        matches!(self.cycle, Cycle::PayAsYouGo) || matches!(self.basis, PriceBasis::PerUnit { .. })
    }
}

/// One published version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The code, stable across versions.
    pub code: Code,
    /// The content hash of this version.
    pub version: String,
    /// What people call it.
    pub name: String,
    /// One sentence for the price page.
    pub description: String,
    /// False for plans that only operators give out.
    pub public: bool,
    /// Its rung on the ladder: moving up is an upgrade.
    pub rank: u32,
    /// How long a new tenant may try it; zero for no trial.
    pub trial_days: u16,
    /// Its prices. None at all: the plan costs nothing by itself, in every currency and cycle.
    pub prices: Vec<Price>,
}

/// A plan that cannot be billed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// Proration needs to know the one price that was paid in advance.
    #[error("has two prices in advance for {cycle} in {currency}; one is allowed")]
    TwoAdvancePrices {
        /// For this cycle.
        cycle: Cycle,
        /// In this currency.
        currency: Currency,
    },
    /// Prices are never below zero.
    #[error("has a negative price for {cycle} in {currency}")]
    NegativePrice {
        /// For this cycle.
        cycle: Cycle,
        /// In this currency.
        currency: Currency,
    },
}

impl Plan {
    /// Checks that the prices can be billed. The catalog calls it when it loads.
    ///
    /// # Errors
    /// [`InvalidPlan`].
    pub fn check(&self) -> Result<(), InvalidPlan> {
        for price in &self.prices {
            let (cycle, currency) = (price.cycle, price.currency);
            if price.unit_price_minor().numerator() < 0 {
                return Err(InvalidPlan::NegativePrice { cycle, currency });
            }
            let in_advance = self.prices_for(cycle, currency).filter(|price| !price.in_arrears());
            if in_advance.count() > 1 {
                return Err(InvalidPlan::TwoAdvancePrices { cycle, currency });
            }
        }
        Ok(())
    }

    /// This version.
    #[must_use]
    pub fn reference(&self) -> PlanRef {
        PlanRef {
            code: self.code.clone(),
            version: self.version.clone(),
        }
    }

    /// True when it can be subscribed to in this cycle and currency.
    #[must_use]
    pub fn is_offered(&self, cycle: Cycle, currency: Currency) -> bool {
        self.prices.is_empty() || self.prices_for(cycle, currency).next().is_some()
    }

    /// All prices that a subscription in this cycle and currency pays.
    pub fn prices_for(&self, cycle: Cycle, currency: Currency) -> impl Iterator<Item = &Price> {
        self.prices
            .iter()
            .filter(move |price| price.cycle == cycle && price.currency == currency)
    }

    /// The price paid before each period, if there is one above zero.
    #[must_use]
    pub fn advance_price(&self, cycle: Cycle, currency: Currency) -> Option<&Price> {
        self.prices_for(cycle, currency)
            .find(|price| !price.in_arrears() && price.unit_price_minor() != Ratio::ZERO)
    }

    /// The prices paid after each period.
    pub fn arrears_prices(&self, cycle: Cycle, currency: Currency) -> impl Iterator<Item = &Price> {
        self.prices_for(cycle, currency).filter(|price| price.in_arrears())
    }

    /// True when nothing is ever billed for it in this cycle and currency.
    #[must_use]
    pub fn is_free(&self, cycle: Cycle, currency: Currency) -> bool {
        self.prices_for(cycle, currency)
            .all(|price| price.unit_price_minor() == Ratio::ZERO)
    }
}

/// The published plans, in memory.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait PlanSource: Send + Sync {
    /// One version, also one that is no longer offered.
    fn find(&self, plan: &PlanRef) -> Option<Arc<Plan>>;

    /// The version that new subscriptions get.
    fn current(&self, code: &Code) -> Option<Arc<Plan>>;
}

#[cfg(test)]
mod tests;
