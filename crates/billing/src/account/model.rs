//! The account and its credit.

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Currency, Money};

/// What the tenant is billed in, and what it has been credited and not yet used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillingAccount {
    credit: Money,
}

/// Credit is never below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credit is below zero")]
pub struct NegativeCredit;

impl BillingAccount {
    /// A new account without credit.
    #[must_use]
    pub const fn open(currency: Currency) -> Self {
        Self {
            credit: Money::zero(currency),
        }
    }

    /// Rebuilds what storage holds.
    ///
    /// # Errors
    /// [`NegativeCredit`].
    pub const fn restore(credit: Money) -> Result<Self, NegativeCredit> {
        if credit.amount_minor() < 0 {
            Err(NegativeCredit)
        } else {
            Ok(Self { credit })
        }
    }

    /// The one currency this tenant is billed in.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.credit.currency()
    }

    /// What the next invoice may use.
    #[must_use]
    pub const fn credit(&self) -> Money {
        self.credit
    }

    /// Takes what an invoice uses. A negative amount is credit that the invoice grants.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] when more would be taken than there is.
    pub fn take(&mut self, amount: Money) -> Result<(), MoneyError> {
        let left = self.credit.minus(amount)?;
        if left.amount_minor() < 0 {
            return Err(MoneyError::OutOfRange);
        }
        self.credit = left;
        Ok(())
    }

    /// Gives back what an invoice had taken and will not use.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn give_back(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.take(amount.negated()?)
    }
}
