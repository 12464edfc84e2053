//! The subscription and its state machine.

use tenantry_kernel::{Currency, Money, typed_id};
use time::{Duration, OffsetDateTime};

use crate::period::{Anchor, BeyondCalendar, Period, whole_second};
use crate::plan::{Cycle, PlanRef};
use crate::proration::CountedSpan;

typed_id!(
    /// A subscription.
    SubscriptionId
);

/// Seats bought; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

/// Zero, or more than a tenant may buy at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 1000000")]
pub struct QuantityOutOfRange;

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1);
    /// The most that can be bought.
    pub const MAX: Self = Self(1_000_000);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityOutOfRange;

    fn try_from(raw: u32) -> Result<Self, QuantityOutOfRange> {
        if (1..=Self::MAX.0).contains(&raw) {
            Ok(Self(raw))
        } else {
            Err(QuantityOutOfRange)
        }
    }
}

/// What was agreed: which plan version, billed how often, for how many seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The plan version.
    pub plan: PlanRef,
    /// How often it is billed.
    pub cycle: Cycle,
    /// Seats; one for plans without seats.
    pub quantity: Quantity,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Being tried; nothing has been billed.
    Trialing {
        /// When the trial converts: the end of its period.
        ends_at: OffsetDateTime,
    },
    /// In force.
    Active,
    /// In force, with an invoice that could not be collected.
    PastDue {
        /// When collecting failed first.
        since: OffsetDateTime,
    },
    /// Over.
    Cancelled {
        /// Since when.
        at: OffsetDateTime,
    },
}

impl Status {
    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trialing { .. } => "trialing",
            Self::Active => "active",
            Self::PastDue { .. } => "past_due",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// What happens at the end of the period instead of a plain renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduledChange {
    /// Other terms.
    Terms(Terms),
    /// The end.
    Cancellation,
}

/// What was billed in advance for the rest of the period: the basis of a later credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepaid {
    /// From when; until the period's end.
    pub from: OffsetDateTime,
    /// How much was billed for that.
    pub amount: Money,
}

/// What a subscription becomes once the invoice of a change is settled.
///
/// It is stored with the draft, so that a payment that is found after a crash applies exactly what was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When it was agreed.
    pub at: OffsetDateTime,
    /// The new terms.
    pub terms: Terms,
    /// True while the trial goes on; it ends with `period`.
    pub trialing: bool,
    /// The period that is then current.
    pub period: Period,
    /// What later periods are derived from.
    pub anchor: Anchor,
    /// What is billed in advance.
    pub prepaid: Option<Prepaid>,
    /// The usage that the change bills; whoever counts closes it when the change is applied.
    pub counted: Option<CountedSpan>,
}

/// A subscription of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    id: SubscriptionId,
    terms: Terms,
    currency: Currency,
    status: Status,
    period: Period,
    anchor: Anchor,
    prepaid: Option<Prepaid>,
    scheduled: Option<ScheduledChange>,
    created_at: OffsetDateTime,
    version: i64,
}

/// Already valid parts, as storage holds them.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its id.
    pub id: SubscriptionId,
    /// What was agreed.
    pub terms: Terms,
    /// The currency it is billed in; it never changes.
    pub currency: Currency,
    /// Where it stands.
    pub status: Status,
    /// The current period.
    pub period: Period,
    /// What periods are derived from.
    pub anchor: Anchor,
    /// What was billed in advance.
    pub prepaid: Option<Prepaid>,
    /// What happens at the period's end.
    pub scheduled: Option<ScheduledChange>,
    /// When it started.
    pub created_at: OffsetDateTime,
    /// How often it was written.
    pub version: i64,
}

/// Stored parts that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenSubscription {
    /// A trial is one period.
    #[error("the trial does not end with its period")]
    TrialEnd,
    /// One currency per subscription.
    #[error("what was prepaid is in another currency")]
    Currency,
    /// Nothing follows the end.
    #[error("something is scheduled after the cancellation")]
    Scheduled,
}

/// What the state machine refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionRule {
    /// It is over.
    #[error("the subscription is cancelled")]
    Cancelled,
    /// There is nothing to undo.
    #[error("nothing is scheduled for the end of the period")]
    NothingScheduled,
    /// It ends with the period already.
    #[error("the subscription already ends with its period")]
    AlreadyCancelling,
}

impl Subscription {
    /// Starts a trial of `days`. Nothing is billed before it ends.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when it would end after the year 9999, or would last no time.
    pub fn start_trial(
        id: SubscriptionId,
        terms: Terms,
        currency: Currency,
        days: u16,
        now: OffsetDateTime,
    ) -> Result<Self, BeyondCalendar> {
        let start = whole_second(now);
        let ends_at = start
            .checked_add(Duration::days(i64::from(days)))
            .ok_or(BeyondCalendar)?;
        let period = Period::new(start, ends_at).map_err(|_| BeyondCalendar)?;
        Ok(Self {
            id,
            terms,
            currency,
            status: Status::Trialing { ends_at },
            period,
            anchor: Anchor::at(ends_at),
            prepaid: None,
            scheduled: None,
            created_at: now,
            version: 1,
        })
    }

    /// Starts in force, at the beginning of a first full period.
    ///
    /// What that period costs in advance is the caller's to bill; a free plan costs nothing.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the period would end after the year 9999.
    pub fn start_active(
        id: SubscriptionId,
        terms: Terms,
        currency: Currency,
        prepaid: Option<Money>,
        now: OffsetDateTime,
    ) -> Result<Self, BeyondCalendar> {
        let anchor = Anchor::at(now);
        let period = anchor.period_from(anchor.instant(), terms.cycle)?;
        let prepaid = prepaid.map(|amount| Prepaid {
            from: period.start(),
            amount,
        });
        Ok(Self {
            id,
            terms,
            currency,
            status: Status::Active,
            period,
            anchor,
            prepaid,
            scheduled: None,
            created_at: now,
            version: 1,
        })
    }

    /// Rebuilds what storage holds.
    ///
    /// # Errors
    /// [`BrokenSubscription`].
    pub fn restore(parts: Parts) -> Result<Self, BrokenSubscription> {
        if matches!(parts.status, Status::Trialing { ends_at } if ends_at != parts.period.end()) {
            return Err(BrokenSubscription::TrialEnd);
        }
        if parts
            .prepaid
            .is_some_and(|paid| paid.amount.currency() != parts.currency)
        {
            return Err(BrokenSubscription::Currency);
        }
        if matches!(parts.status, Status::Cancelled { .. }) && parts.scheduled.is_some() {
            return Err(BrokenSubscription::Scheduled);
        }
        Ok(Self {
            id: parts.id,
            terms: parts.terms,
            currency: parts.currency,
            status: parts.status,
            period: parts.period,
            anchor: parts.anchor,
            prepaid: parts.prepaid,
            scheduled: parts.scheduled,
            created_at: parts.created_at,
            version: parts.version,
        })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// What was agreed.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The plan version; short for `terms().plan`.
    #[must_use]
    pub const fn plan(&self) -> &PlanRef {
        &self.terms.plan
    }

    /// How often it is billed; short for `terms().cycle`.
    #[must_use]
    pub const fn cycle(&self) -> Cycle {
        self.terms.cycle
    }

    /// Seats; short for `terms().quantity`.
    #[must_use]
    pub const fn quantity(&self) -> Quantity {
        self.terms.quantity
    }

    /// The currency it is billed in.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// True until it is cancelled.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !matches!(self.status, Status::Cancelled { .. })
    }

    /// When the trial ends, while there is one.
    #[must_use]
    pub const fn trial_ends_at(&self) -> Option<OffsetDateTime> {
        match self.status {
            Status::Trialing { ends_at } => Some(ends_at),
            _ => None,
        }
    }

    /// The current period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// What periods are derived from.
    #[must_use]
    pub const fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// What was billed in advance for the rest of the period.
    #[must_use]
    pub const fn prepaid(&self) -> Option<Prepaid> {
        self.prepaid
    }

    /// What happens at the end of the period instead of a plain renewal.
    #[must_use]
    pub const fn scheduled(&self) -> Option<&ScheduledChange> {
        self.scheduled.as_ref()
    }

    /// When it started.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// How often it was written; the repository counts.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// True when its period is over and nothing has followed yet.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.is_live() && self.period.end() <= now
    }

    /// Becomes what was agreed. What was scheduled is dropped: the newer agreement replaces it.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`].
    pub fn apply(&mut self, transition: &Transition) -> Result<(), SubscriptionRule> {
        self.require_live()?;
        self.status = match (transition.trialing, self.status) {
            (true, _) => Status::Trialing {
                ends_at: transition.period.end(),
            },
            (false, past_due @ Status::PastDue { .. }) => past_due,
            (false, _) => Status::Active,
        };
        self.terms = transition.terms.clone();
        self.period = transition.period;
        self.anchor = transition.anchor;
        self.prepaid = transition.prepaid;
        self.scheduled = None;
        Ok(())
    }

    /// Takes other terms at the end of the period. Replaces whatever was scheduled.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`].
    pub fn schedule(&mut self, terms: Terms) -> Result<(), SubscriptionRule> {
        self.require_live()?;
        self.scheduled = Some(ScheduledChange::Terms(terms));
        Ok(())
    }

    /// Ends with the period. Replaces whatever was scheduled.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`], [`SubscriptionRule::AlreadyCancelling`].
    pub fn cancel_at_period_end(&mut self) -> Result<(), SubscriptionRule> {
        self.require_live()?;
        if self.scheduled == Some(ScheduledChange::Cancellation) {
            return Err(SubscriptionRule::AlreadyCancelling);
        }
        self.scheduled = Some(ScheduledChange::Cancellation);
        Ok(())
    }

    /// Ends at `at`. What was paid in advance stays paid.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`].
    pub fn cancel(&mut self, at: OffsetDateTime) -> Result<(), SubscriptionRule> {
        self.require_live()?;
        self.status = Status::Cancelled { at };
        self.scheduled = None;
        Ok(())
    }

    /// Undoes what is scheduled for the end of the period.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`], [`SubscriptionRule::NothingScheduled`].
    pub fn resume(&mut self) -> Result<ScheduledChange, SubscriptionRule> {
        self.require_live()?;
        self.scheduled.take().ok_or(SubscriptionRule::NothingScheduled)
    }

    /// Notes that an invoice could not be collected. The first failure's time stays.
    ///
    /// # Errors
    /// [`SubscriptionRule::Cancelled`].
    pub fn fall_behind(&mut self, since: OffsetDateTime) -> Result<(), SubscriptionRule> {
        self.require_live()?;
        if self.status == Status::Active {
            self.status = Status::PastDue { since };
        }
        Ok(())
    }

    /// Notes that everything owed was collected. True when that changed something.
    pub fn catch_up(&mut self) -> bool {
        let behind = matches!(self.status, Status::PastDue { .. });
        if behind {
            self.status = Status::Active;
        }
        behind
    }

    const fn require_live(&self) -> Result<(), SubscriptionRule> {
        if self.is_live() {
            Ok(())
        } else {
            Err(SubscriptionRule::Cancelled)
        }
    }
}

#[cfg(test)]
mod tests;
