//! One line of an invoice and its basis.

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Currency, Money, Ratio, typed_id};

use crate::period::Period;

typed_id!(
    /// A line of an invoice.
    LineId
);

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// A whole period of a plan.
    Subscription,
    /// The rest of a period of a plan.
    ProrationCharge,
    /// What was billed for a plan and will not be used.
    ProrationCredit,
    /// Counted units of a period that is over.
    Usage,
}

/// The text names no kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no kind of invoice line")]
pub struct UnknownLineKind;

impl LineKind {
    /// The kind as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::ProrationCharge => "proration_charge",
            Self::ProrationCredit => "proration_credit",
            Self::Usage => "usage",
        }
    }
}

impl TryFrom<&str> for LineKind {
    type Error = UnknownLineKind;

    fn try_from(text: &str) -> Result<Self, UnknownLineKind> {
        match text {
            "subscription" => Ok(Self::Subscription),
            "proration_charge" => Ok(Self::ProrationCharge),
            "proration_credit" => Ok(Self::ProrationCredit),
            "usage" => Ok(Self::Usage),
            _ => Err(UnknownLineKind),
        }
    }
}

/// How a line's amount follows from its basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `quantity × unit price × fraction`, rounded once, half away from zero.
    Product,
    /// Minus what is left of `billed` after `quantity × unit price × fraction`, rounded once, is kept.
    Residual {
        /// What had been billed.
        billed: Money,
    },
}

impl Rule {
    /// The rule as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Residual { .. } => "residual",
        }
    }
}

/// Everything an amount was computed from. The amount can be recomputed from it, to the cent, forever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    kind: LineKind,
    description: String,
    quantity: Ratio,
    unit_price: Ratio,
    period: Period,
    fraction: Ratio,
    rule: Rule,
    amount: Money,
}

/// A stored line whose amount does not follow from its basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not follow from its basis")]
pub struct BrokenLine;

impl Basis {
    /// A charge: `quantity × unit_price × fraction` of a period, in minor units of `currency`.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn charge(
        kind: LineKind,
        description: String,
        quantity: Ratio,
        unit_price: Ratio,
        (period, fraction): (Period, Ratio),
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let amount = Money::rounded(quantity.times(unit_price)?.times(fraction)?, currency)?;
        Ok(Self {
            kind,
            description,
            quantity,
            unit_price,
            period,
            fraction,
            rule: Rule::Product,
            amount,
        })
    }

    /// A credit for what is left of `billed`, when `kept` of the period was used at the unit price.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn residual(
        description: String,
        quantity: Ratio,
        unit_price: Ratio,
        (period, kept): (Period, Ratio),
        billed: Money,
    ) -> Result<Self, MoneyError> {
        let kept_amount = Money::rounded(quantity.times(unit_price)?.times(kept)?, billed.currency())?;
        Ok(Self {
            kind: LineKind::ProrationCredit,
            description,
            quantity,
            unit_price,
            period,
            fraction: kept,
            rule: Rule::Residual { billed },
            amount: kept_amount.minus(billed)?,
        })
    }

    /// Rebuilds what storage holds, and checks the arithmetic again.
    ///
    /// # Errors
    /// [`BrokenLine`].
    #[expect(clippy::too_many_arguments, reason = "one for each stored column")]
    pub fn restore(
        kind: LineKind,
        description: String,
        quantity: Ratio,
        unit_price: Ratio,
        period: Period,
        fraction: Ratio,
        rule: Rule,
        amount: Money,
    ) -> Result<Self, BrokenLine> {
        let basis = Self {
            kind,
            description,
            quantity,
            unit_price,
            period,
            fraction,
            rule,
            amount,
        };
        match basis.recompute() {
            Ok(again) if again == amount => Ok(basis),
            _ => Err(BrokenLine),
        }
    }

    /// The exact product of quantity, unit price and fraction, in minor units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn exact(&self) -> Result<Ratio, MoneyError> {
        Ok(self.quantity.times(self.unit_price)?.times(self.fraction)?)
    }

    /// The amount, computed again from the basis.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn recompute(&self) -> Result<Money, MoneyError> {
        let rounded = Money::rounded(self.exact()?, self.amount.currency())?;
        match self.rule {
            Rule::Product => Ok(rounded),
            Rule::Residual { billed } => rounded.minus(billed),
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> LineKind {
        self.kind
    }

    /// What people read.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How many.
    #[must_use]
    pub const fn quantity(&self) -> Ratio {
        self.quantity
    }

    /// Exact minor units for one, for a whole period.
    #[must_use]
    pub const fn unit_price(&self) -> Ratio {
        self.unit_price
    }

    /// The period that the price is for.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Which part of the period: billed under [`Rule::Product`], kept under [`Rule::Residual`].
    #[must_use]
    pub const fn fraction(&self) -> Ratio {
        self.fraction
    }

    /// How the amount follows.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The amount.
    #[must_use]
    pub const fn amount(&self) -> Money {
        self.amount
    }
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// What it says and why.
    pub basis: Basis,
}

impl Line {
    /// The amount.
    #[must_use]
    pub const fn amount(&self) -> Money {
        self.basis.amount
    }
}
