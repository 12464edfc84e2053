//! The invoice: draft, open, paid or void.

use std::fmt;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Currency, Money, typed_id};
use time::OffsetDateTime;

use super::line::{Basis, Line};
use crate::period::Period;
use crate::subscription::{SubscriptionId, Transition};

typed_id!(
    /// An invoice.
    InvoiceId
);

/// A number of the issuer's gap-free series; shown as `INV-000042`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceNumber(pub i64);

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INV-{:06}", self.0)
    }
}

/// When an invoice was finalized, and as which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The number.
    pub number: InvoiceNumber,
    /// When.
    pub at: OffsetDateTime,
}

/// What an invoice is for, and what follows once it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A plan change that takes effect when this is paid.
    ChangePlan {
        /// What the subscription then becomes.
        to: Box<Transition>,
    },
    /// A period that began or ended; it takes effect whether this is paid or not.
    Renewal {
        /// The period that began; the one that ended, when none followed.
        period: Period,
    },
    /// Anything else. Nothing follows.
    Manual,
}

impl Purpose {
    /// The purpose as the API writes it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ChangePlan { .. } => "plan_change",
            Self::Renewal { .. } => "renewal",
            Self::Manual => "manual",
        }
    }
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Being paid before it is issued; it has no number yet.
    Draft,
    /// Issued and owed.
    Open,
    /// Settled.
    Paid {
        /// When.
        at: OffsetDateTime,
    },
    /// Not owed any more: waived after it was issued, or given up as a draft.
    Void {
        /// When.
        at: OffsetDateTime,
    },
}

impl InvoiceStatus {
    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid { .. } => "paid",
            Self::Void { .. } => "void",
        }
    }
}

/// An invoice of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    id: InvoiceId,
    subscription: Option<SubscriptionId>,
    purpose: Purpose,
    status: InvoiceStatus,
    issue: Option<Issue>,
    lines: Vec<Line>,
    subtotal: Money,
    credit_applied: Money,
    amount_due: Money,
    created_at: OffsetDateTime,
    version: i64,
}

/// Already valid parts, as storage holds them.
#[derive(Clone, Debug)]
pub struct InvoiceParts {
    /// Its id.
    pub id: InvoiceId,
    /// The subscription it bills.
    pub subscription: Option<SubscriptionId>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// When it was finalized.
    pub issue: Option<Issue>,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// The credit that moved: used when positive, granted when negative.
    pub credit_applied: Money,
    /// When it was drafted.
    pub created_at: OffsetDateTime,
    /// How often it was written.
    pub version: i64,
}

/// Stored parts that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenInvoice {
    /// Only issued invoices have a number.
    #[error("the number does not fit the status")]
    Number,
    /// The lines, the credit and the currency do not add up.
    #[error("the amounts do not add up")]
    Amounts,
}

/// What the state machine refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceRule {
    /// It has not been issued yet.
    #[error("the invoice is a draft")]
    Draft,
    /// It has been issued already.
    #[error("the invoice has been issued")]
    Issued,
    /// It is settled.
    #[error("the invoice is paid")]
    Paid,
    /// It is not owed any more.
    #[error("the invoice is void")]
    Void,
}

/// The sum of some lines.
///
/// # Errors
/// [`MoneyError`].
pub fn subtotal<'a>(lines: impl IntoIterator<Item = &'a Basis>, currency: Currency) -> Result<Money, MoneyError> {
    Money::sum(lines.into_iter().map(Basis::amount), currency)
}

/// How much credit an invoice of this subtotal moves: it uses what there is, at most what is owed; a subtotal below
/// zero is granted as credit instead, which is a negative amount.
#[must_use]
pub fn credit_to_apply(subtotal: Money, available: Money) -> Money {
    let used = subtotal.amount_minor().min(available.amount_minor());
    Money::new(used, subtotal.currency())
}

impl Invoice {
    /// Drafts an invoice over `lines`, using the account's `credit`.
    ///
    /// # Errors
    /// [`MoneyError`] when the lines, or the credit, are of different currencies, or do not fit.
    pub fn draft(
        id: InvoiceId,
        subscription: Option<SubscriptionId>,
        purpose: Purpose,
        lines: Vec<Line>,
        credit: Money,
        now: OffsetDateTime,
    ) -> Result<Self, MoneyError> {
        let subtotal = subtotal(lines.iter().map(|line| &line.basis), credit.currency())?;
        let credit_applied = credit_to_apply(subtotal, credit);
        Ok(Self {
            id,
            subscription,
            purpose,
            status: InvoiceStatus::Draft,
            issue: None,
            lines,
            subtotal,
            credit_applied,
            amount_due: subtotal.minus(credit_applied)?,
            created_at: now,
            version: 1,
        })
    }

    /// Rebuilds what storage holds.
    ///
    /// # Errors
    /// [`BrokenInvoice`].
    pub fn restore(parts: InvoiceParts) -> Result<Self, BrokenInvoice> {
        let number_fits = match parts.status {
            InvoiceStatus::Draft => parts.issue.is_none(),
            InvoiceStatus::Open | InvoiceStatus::Paid { .. } => parts.issue.is_some(),
            InvoiceStatus::Void { .. } => true,
        };
        if !number_fits {
            return Err(BrokenInvoice::Number);
        }
        let currency = parts.credit_applied.currency();
        let subtotal =
            subtotal(parts.lines.iter().map(|line| &line.basis), currency).map_err(|_| BrokenInvoice::Amounts)?;
        let amount_due = subtotal
            .minus(parts.credit_applied)
            .map_err(|_| BrokenInvoice::Amounts)?;
        if amount_due.amount_minor() < 0 {
            return Err(BrokenInvoice::Amounts);
        }
        Ok(Self {
            id: parts.id,
            subscription: parts.subscription,
            purpose: parts.purpose,
            status: parts.status,
            issue: parts.issue,
            lines: parts.lines,
            subtotal,
            credit_applied: parts.credit_applied,
            amount_due,
            created_at: parts.created_at,
            version: parts.version,
        })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> InvoiceId {
        self.id
    }

    /// The subscription it bills.
    #[must_use]
    pub const fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> InvoiceStatus {
        self.status
    }

    /// When it was finalized, and as which number.
    #[must_use]
    pub const fn issue(&self) -> Option<Issue> {
        self.issue
    }

    /// Its number, once finalized.
    #[must_use]
    pub fn number(&self) -> Option<InvoiceNumber> {
        self.issue.map(|issue| issue.number)
    }

    /// Its lines, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The currency of every amount on it.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.subtotal.currency()
    }

    /// The sum of its lines; below zero when it grants credit.
    #[must_use]
    pub const fn subtotal(&self) -> Money {
        self.subtotal
    }

    /// The credit that moved: used when positive, granted when negative.
    #[must_use]
    pub const fn credit_applied(&self) -> Money {
        self.credit_applied
    }

    /// What is to be paid: the subtotal less the credit; never below zero.
    #[must_use]
    pub const fn amount_due(&self) -> Money {
        self.amount_due
    }

    /// When it was drafted.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// How often it was written; the repository counts.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Issues the draft under a number.
    ///
    /// # Errors
    /// [`InvoiceRule::Issued`], [`InvoiceRule::Paid`], [`InvoiceRule::Void`].
    pub fn finalize(&mut self, number: InvoiceNumber, at: OffsetDateTime) -> Result<(), InvoiceRule> {
        match self.status {
            InvoiceStatus::Draft => {
                self.status = InvoiceStatus::Open;
                self.issue = Some(Issue { number, at });
                Ok(())
            }
            InvoiceStatus::Open => Err(InvoiceRule::Issued),
            InvoiceStatus::Paid { .. } => Err(InvoiceRule::Paid),
            InvoiceStatus::Void { .. } => Err(InvoiceRule::Void),
        }
    }

    /// Settles what is owed.
    ///
    /// # Errors
    /// [`InvoiceRule::Draft`], [`InvoiceRule::Paid`], [`InvoiceRule::Void`].
    pub fn pay(&mut self, at: OffsetDateTime) -> Result<(), InvoiceRule> {
        self.require_open()?;
        self.status = InvoiceStatus::Paid { at };
        Ok(())
    }

    /// Waives what is owed.
    ///
    /// # Errors
    /// [`InvoiceRule::Draft`], [`InvoiceRule::Paid`], [`InvoiceRule::Void`].
    pub fn void(&mut self, at: OffsetDateTime) -> Result<(), InvoiceRule> {
        self.require_open()?;
        self.status = InvoiceStatus::Void { at };
        Ok(())
    }

    /// Gives up a draft that could not be paid. It never gets a number.
    ///
    /// # Errors
    /// [`InvoiceRule::Issued`], [`InvoiceRule::Paid`], [`InvoiceRule::Void`].
    pub fn discard(&mut self, at: OffsetDateTime) -> Result<(), InvoiceRule> {
        match self.status {
            InvoiceStatus::Draft => {
                self.status = InvoiceStatus::Void { at };
                Ok(())
            }
            InvoiceStatus::Open => Err(InvoiceRule::Issued),
            InvoiceStatus::Paid { .. } => Err(InvoiceRule::Paid),
            InvoiceStatus::Void { .. } => Err(InvoiceRule::Void),
        }
    }

    /// Passes when it is issued and owed.
    ///
    /// # Errors
    /// [`InvoiceRule::Draft`], [`InvoiceRule::Paid`], [`InvoiceRule::Void`].
    pub const fn require_open(&self) -> Result<(), InvoiceRule> {
        match self.status {
            InvoiceStatus::Open => Ok(()),
            InvoiceStatus::Draft => Err(InvoiceRule::Draft),
            InvoiceStatus::Paid { .. } => Err(InvoiceRule::Paid),
            InvoiceStatus::Void { .. } => Err(InvoiceRule::Void),
        }
    }
}

#[cfg(test)]
mod tests;
