//! The planner of plan changes: what the subscription becomes, when, and what that costs.
//!
//! A pure function; the preview shows what it answers and the execution stores what it answers.

use std::cmp::Ordering;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::{Currency, DomainError, ErrorKind, FieldError, Money};
use time::OffsetDateTime;

use crate::invoice::{Basis, credit_to_apply, subtotal};
use crate::period::{Anchor, BeyondCalendar, Period, whole_second};
use crate::plan::{Cycle, Plan};
use crate::proration::{Counts, in_advance, in_arrears, unused};
use crate::subscription::{Prepaid, Quantity, Status, Subscription, SubscriptionRule, Terms, Transition};

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// At the end of the current period.
    PeriodEnd,
}

/// The text names no time for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be now or period_end")]
pub struct UnknownWhen;

impl TryFrom<&str> for When {
    type Error = UnknownWhen;

    fn try_from(text: &str) -> Result<Self, UnknownWhen> {
        match text {
            "now" => Ok(Self::Now),
            "period_end" => Ok(Self::PeriodEnd),
            _ => Err(UnknownWhen),
        }
    }
}

/// What is wished for, beside the plan.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How often it is to be billed.
    pub cycle: Cycle,
    /// For how many seats.
    pub quantity: Quantity,
    /// When; unless told, an upgrade at once and a downgrade at the end of the period.
    pub when: Option<When>,
    /// True when a payment method is given or on file.
    pub has_method: bool,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// To a higher plan, a longer cycle or more seats.
    Upgrade,
    /// To a lower plan, a shorter cycle or fewer seats.
    Downgrade,
}

/// When it takes effect, and what the subscription then becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At once: the transition to apply when the lines are paid.
    Now(Box<Transition>),
    /// At the end of the period.
    At(OffsetDateTime),
}

/// What a change means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOutcome {
    /// Which way it goes.
    pub kind: ChangeKind,
    /// When it takes effect.
    pub effect: Effect,
    /// The subscription after it: changed, or with the change scheduled.
    pub subscription: Subscription,
    /// What is billed at once.
    pub lines: Vec<Basis>,
}

/// What is due for some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The sum of the lines.
    pub subtotal: Money,
    /// Credit used, or granted when negative.
    pub credit_applied: Money,
    /// What is to be paid.
    pub amount_due: Money,
}

/// The totals of some lines for an account that has this much credit.
///
/// # Errors
/// [`MoneyError`].
pub fn totals(lines: &[Basis], credit: Money) -> Result<Totals, MoneyError> {
    let subtotal = subtotal(lines, credit.currency())?;
    let credit_applied = credit_to_apply(subtotal, credit);
    Ok(Totals {
        subtotal,
        credit_applied,
        amount_due: subtotal.minus(credit_applied)?,
    })
}

/// Why a change cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// It is over; start a new subscription.
    #[error("the subscription is cancelled")]
    Cancelled,
    /// The terms are the present ones.
    #[error("the subscription is on these terms already")]
    Unchanged,
    /// The plan has no such price.
    #[error("the plan {plan} is not offered {cycle} in {currency}")]
    NotOffered {
        /// The plan.
        plan: String,
        /// The cycle.
        cycle: Cycle,
        /// The currency of the subscription.
        currency: Currency,
    },
    /// Something is owed; it is paid before more is bought.
    #[error("an invoice is unpaid; pay it before changing the plan")]
    PastDue,
    /// The amounts do not fit.
    #[error("the amount is out of range")]
    Amount,
    /// The calendar ends.
    #[error("the date is out of range")]
    Calendar,
}

impl From<MoneyError> for ChangeError {
    fn from(_: MoneyError) -> Self {
        Self::Amount
    }
}
impl From<BeyondCalendar> for ChangeError {
    fn from(_: BeyondCalendar) -> Self {
        Self::Calendar
    }
}
impl From<SubscriptionRule> for ChangeError {
    fn from(_: SubscriptionRule) -> Self {
        // Of the rules, the planner can only meet "it is over".
        Self::Cancelled
    }
}

impl DomainError for ChangeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Cancelled | Self::Unchanged => ErrorKind::Conflict,
            Self::PastDue => ErrorKind::PaymentRequired,
            Self::NotOffered { .. } | Self::Amount | Self::Calendar => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "subscription_cancelled",
            Self::Unchanged => "plan_unchanged",
            Self::NotOffered { .. } => "plan_not_offered",
            Self::PastDue => "payment_required",
            Self::Amount => "amount_out_of_range",
            Self::Calendar => "date_out_of_range",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::NotOffered { .. } => vec![FieldError::new("billing_cycle", self.code(), self)],
            Self::Amount => vec![FieldError::new("quantity", self.code(), self)],
            _ => Vec::new(),
        }
    }
}

/// Plans the change from the version `from`, which the subscription has, to `to`.
///
/// - In a trial: with a payment method the trial ends and the new plan's full period is billed; without one the plan
///   changes and the trial goes on. A free plan starts at once.
/// - Between plans billed in advance, in the same cycle: a credit for the unused rest and a charge for the new rest.
/// - To another cycle, or from a plan that bills nothing in advance to one that does: the unused rest is credited,
///   what is billed in arrears is billed so far (`counts`), and a fresh full period begins now.
/// - Otherwise the period goes on; what is billed in arrears is billed at its end, at the price then in force.
///
/// # Errors
/// [`ChangeError`].
pub fn plan_change(
    subscription: &Subscription,
    from: &Plan,
    to: &Plan,
    wish: &Wish,
    counts: &Counts,
    now: OffsetDateTime,
) -> Result<ChangeOutcome, ChangeError> {
    if !subscription.is_live() {
        return Err(ChangeError::Cancelled);
    }
    let currency = subscription.currency();
    if !to.is_offered(wish.cycle, currency) {
        return Err(ChangeError::NotOffered {
            plan: to.code.to_string(),
            cycle: wish.cycle,
            currency,
        });
    }
    let terms = Terms {
        plan: to.reference(),
        cycle: wish.cycle,
        quantity: wish.quantity,
    };
    if terms == *subscription.terms() {
        return Err(ChangeError::Unchanged);
    }

    let kind = direction(subscription, from, to, &terms);
    let when = wish.when.unwrap_or(match kind {
        ChangeKind::Upgrade => When::Now,
        ChangeKind::Downgrade => When::PeriodEnd,
    });
    let mut after = subscription.clone();
    if when == When::PeriodEnd {
        after.schedule(terms)?;
        return Ok(ChangeOutcome {
            kind,
            effect: Effect::At(subscription.period().end()),
            subscription: after,
            lines: Vec::new(),
        });
    }
    let (transition, lines) = match subscription.status() {
        Status::PastDue { .. } => return Err(ChangeError::PastDue),
        Status::Trialing { .. } => leave_trial(subscription, to, terms, wish.has_method, now)?,
        Status::Active | Status::Cancelled { .. } => change_in_force(subscription, (from, to), terms, counts, now)?,
    };
    after.apply(&transition)?;
    Ok(ChangeOutcome {
        kind,
        effect: Effect::Now(Box::new(transition)),
        subscription: after,
        lines,
    })
}

/// A change while the subscription is in force.
fn change_in_force(
    subscription: &Subscription,
    (from, to): (&Plan, &Plan),
    terms: Terms,
    counts: &Counts,
    now: OffsetDateTime,
) -> Result<(Transition, Vec<Basis>), ChangeError> {
    let (currency, now) = (subscription.currency(), whole_second(now));
    let begins_to_prepay = subscription.prepaid().is_none() && to.advance_price(terms.cycle, currency).is_some();
    let restarts = begins_to_prepay || terms.cycle != subscription.cycle();
    let mut lines: Vec<Basis> = unused(subscription, from, now)?.into_iter().collect();
    let mut counted = None;
    let (anchor, period) = if restarts {
        counted = counts.span(subscription.period().start(), now.min(subscription.period().end()));
        let span = (subscription.period(), now);
        lines.extend(in_arrears(from, subscription.terms(), currency, counts, span)?);
        fresh(now, terms.cycle)?
    } else {
        (subscription.anchor(), subscription.period())
    };
    let charge = in_advance(to, &terms, currency, period, now)?;
    let prepaid = charge.as_ref().map(|line| Prepaid {
        from: now,
        amount: line.amount(),
    });
    lines.extend(charge.filter(|line| !line.amount().is_zero()));
    let transition = Transition {
        at: now,
        terms,
        trialing: false,
        period,
        anchor,
        prepaid,
        counted,
    };
    Ok((transition, lines))
}

/// A change during the trial.
fn leave_trial(
    subscription: &Subscription,
    to: &Plan,
    terms: Terms,
    has_method: bool,
    now: OffsetDateTime,
) -> Result<(Transition, Vec<Basis>), ChangeError> {
    let currency = subscription.currency();
    let now = whole_second(now);
    let goes_on = !has_method && !to.is_free(terms.cycle, currency);
    if goes_on {
        let transition = Transition {
            at: now,
            terms,
            trialing: true,
            period: subscription.period(),
            anchor: subscription.anchor(),
            prepaid: None,
            counted: None,
        };
        return Ok((transition, Vec::new()));
    }
    let (anchor, period) = fresh(now, terms.cycle)?;
    let charge = in_advance(to, &terms, currency, period, period.start())?;
    let prepaid = charge.as_ref().map(|line| Prepaid {
        from: period.start(),
        amount: line.amount(),
    });
    let transition = Transition {
        at: now,
        terms,
        trialing: false,
        period,
        anchor,
        prepaid,
        counted: None,
    };
    Ok((transition, charge.into_iter().collect()))
}

/// A full period that begins now.
fn fresh(now: OffsetDateTime, cycle: Cycle) -> Result<(Anchor, Period), BeyondCalendar> {
    let anchor = Anchor::at(now);
    Ok((anchor, anchor.period_from(anchor.instant(), cycle)?))
}

/// By rank; among equals by the length of the cycle, then by seats. Another version of the same is an upgrade.
fn direction(subscription: &Subscription, from: &Plan, to: &Plan, terms: &Terms) -> ChangeKind {
    let order = to
        .rank
        .cmp(&from.rank)
        .then(terms.cycle.cmp(&subscription.cycle()))
        .then(terms.quantity.cmp(&subscription.quantity()));
    match order {
        Ordering::Less => ChangeKind::Downgrade,
        Ordering::Equal | Ordering::Greater => ChangeKind::Upgrade,
    }
}

#[cfg(test)]
mod tests;
