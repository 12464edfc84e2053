//! The planner of period ends: renewal, conversion of a trial, scheduled changes and ends.
//!
//! One call plans one period's end. A caller that is late calls again until nothing is due, so that every period gets
//! its own invoice, in order.

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{DomainError, ErrorKind};
use time::OffsetDateTime;

use crate::invoice::{Basis, Purpose};
use crate::period::{Anchor, BeyondCalendar, Period};
use crate::plan::{Plan, PlanRef};
use crate::proration::{Counts, in_advance, in_arrears};
use crate::subscription::{Prepaid, ScheduledChange, Subscription, SubscriptionRule, Terms, Transition};

/// What the end of a period was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalKind {
    /// Another period began.
    Renewed,
    /// The trial was over and the first paid period began.
    Converted,
    /// The subscription ended, as scheduled.
    Ended,
}

/// What the end of a period means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// What it was.
    pub kind: RenewalKind,
    /// The subscription after it.
    pub subscription: Subscription,
    /// The period that is over.
    pub ended: Period,
    /// What is billed: what was used in the period that is over, and the new period in advance. Often nothing.
    pub lines: Vec<Basis>,
}

impl Renewal {
    /// What its invoice is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        let period = match self.kind {
            RenewalKind::Renewed | RenewalKind::Converted => self.subscription.period(),
            RenewalKind::Ended => self.ended,
        };
        Purpose::Renewal { period }
    }
}

/// Why a period's end cannot be planned. All of these are faults of the catalog or of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalError {
    /// The amounts do not fit.
    #[error("the amount is out of range")]
    Amount(#[source] MoneyError),
    /// The calendar ends.
    #[error("the date is out of range")]
    Calendar(#[source] BeyondCalendar),
    /// It is over.
    #[error("the subscription is cancelled")]
    Cancelled(#[source] SubscriptionRule),
}

impl From<MoneyError> for RenewalError {
    fn from(cause: MoneyError) -> Self {
        Self::Amount(cause)
    }
}
impl From<BeyondCalendar> for RenewalError {
    fn from(cause: BeyondCalendar) -> Self {
        Self::Calendar(cause)
    }
}
impl From<SubscriptionRule> for RenewalError {
    fn from(cause: SubscriptionRule) -> Self {
        Self::Cancelled(cause)
    }
}

impl DomainError for RenewalError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn code(&self) -> &'static str {
        "internal_error"
    }
}

/// The plan version that applies after the current period: look it up and hand it to [`plan`].
#[must_use]
pub const fn next_plan(subscription: &Subscription) -> &PlanRef {
    match subscription.scheduled() {
        Some(ScheduledChange::Terms(terms)) => &terms.plan,
        Some(ScheduledChange::Cancellation) | None => subscription.plan(),
    }
}

/// Plans the end of the current period; `None` while it lasts.
///
/// `current` is the subscription's plan version, `next` the one that [`next_plan`] names, and `counts` what was
/// counted in the current period. A trial is not billed in arrears.
///
/// # Errors
/// [`RenewalError`].
pub fn plan(
    subscription: &Subscription,
    current: &Plan,
    next: &Plan,
    counts: &Counts,
    now: OffsetDateTime,
) -> Result<Option<Renewal>, RenewalError> {
    if !subscription.is_due(now) {
        return Ok(None);
    }
    let (currency, ended) = (subscription.currency(), subscription.period());
    let in_trial = subscription.trial_ends_at().is_some();
    let mut lines = if in_trial {
        Vec::new()
    } else {
        in_arrears(current, subscription.terms(), currency, counts, (ended, ended.end()))?
    };

    let mut after = subscription.clone();
    let terms: &Terms = match subscription.scheduled() {
        Some(ScheduledChange::Cancellation) => {
            after.cancel(ended.end())?;
            return Ok(Some(Renewal {
                kind: RenewalKind::Ended,
                subscription: after,
                ended,
                lines,
            }));
        }
        Some(ScheduledChange::Terms(terms)) => terms,
        None => subscription.terms(),
    };
    // Another cycle has other boundaries; the same one keeps its anchor, so that the 31st comes back.
    let anchor = if terms.cycle == subscription.cycle() {
        subscription.anchor()
    } else {
        Anchor::at(ended.end())
    };
    let period = anchor.period_from(ended.end(), terms.cycle)?;
    let charge = in_advance(next, terms, currency, period, period.start())?;
    after.apply(&Transition {
        at: ended.end(),
        terms: terms.clone(),
        trialing: false,
        period,
        anchor,
        prepaid: charge.as_ref().map(|line| Prepaid {
            from: period.start(),
            amount: line.amount(),
        }),
        counted: None,
    })?;
    lines.extend(charge);
    Ok(Some(Renewal {
        kind: if in_trial {
            RenewalKind::Converted
        } else {
            RenewalKind::Renewed
        },
        subscription: after,
        ended,
        lines,
    }))
}

#[cfg(test)]
mod tests;
