//! The rules, and how far they were followed for one invoice.

use time::{Duration, OffsetDateTime};

use crate::invoice::InvoiceId;

/// What happens after a payment failed. Days count from the day the invoice was due, which is when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dunning {
    /// On which days the charge is tried again, in order.
    pub retry_days: Vec<u16>,
    /// On which day the tenant is suspended.
    pub suspend_after_days: u16,
    /// On which day the subscription is cancelled.
    pub cancel_after_days: u16,
}

impl Default for Dunning {
    fn default() -> Self {
        Self {
            retry_days: vec![1, 3, 5, 7],
            suspend_after_days: 14,
            cancel_after_days: 30,
        }
    }
}

/// How far the rules were followed for one invoice. An invoice without a case has just become due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DunningCase {
    /// The invoice.
    pub invoice: InvoiceId,
    /// When it was due.
    pub due_at: OffsetDateTime,
    /// The last day on which the charge was tried again; zero before the first.
    pub retried_days: u16,
    /// When the step "suspend" was taken.
    pub suspended_at: Option<OffsetDateTime>,
    /// When the step "cancel" was taken. Nothing follows it.
    pub cancelled_at: Option<OffsetDateTime>,
}

impl DunningCase {
    /// The case of an invoice that was due at `due_at`.
    #[must_use]
    pub const fn open(invoice: InvoiceId, due_at: OffsetDateTime) -> Self {
        Self {
            invoice,
            due_at,
            retried_days: 0,
            suspended_at: None,
            cancelled_at: None,
        }
    }

    /// The retry that is due: the last one of those that came since the last try, so that missed ones are made up for
    /// by a single charge.
    #[must_use]
    pub fn retry_due(&self, rules: &Dunning, now: OffsetDateTime) -> Option<u16> {
        let days = self.days(now);
        let mut passed = rules.retry_days.iter().rev().copied();
        let latest = passed.find(|day| i64::from(*day) <= days)?;
        (latest > self.retried_days && self.cancelled_at.is_none()).then_some(latest)
    }

    /// Notes that the charge is being tried now, for whatever reason: no retry up to today is due any more.
    pub fn tried(&mut self, rules: &Dunning, now: OffsetDateTime) {
        if let Some(day) = self.retry_due(rules, now) {
            self.retried_days = day;
        }
    }

    /// True when the tenant is to be suspended.
    #[must_use]
    pub fn suspension_due(&self, rules: &Dunning, now: OffsetDateTime) -> bool {
        self.suspended_at.is_none()
            && self.cancelled_at.is_none()
            && self.days(now) >= i64::from(rules.suspend_after_days)
    }

    /// True when the subscription is to be cancelled.
    #[must_use]
    pub fn cancellation_due(&self, rules: &Dunning, now: OffsetDateTime) -> bool {
        self.cancelled_at.is_none() && self.days(now) >= i64::from(rules.cancel_after_days)
    }

    /// When the charge is tried again, if it is.
    #[must_use]
    pub fn next_retry(&self, rules: &Dunning, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let days = self.days(now);
        let open = self.cancelled_at.is_none();
        let mut coming = rules.retry_days.iter().copied().filter(|_| open);
        coming
            .find(|day| *day > self.retried_days && i64::from(*day) > days)
            .and_then(|day| self.on(day))
    }

    /// In how many days the tenant is suspended; `None` once it was.
    #[must_use]
    pub fn days_left(&self, rules: &Dunning, now: OffsetDateTime) -> Option<i64> {
        let left = i64::from(rules.suspend_after_days) - self.days(now);
        (self.suspended_at.is_none() && self.cancelled_at.is_none()).then_some(left.max(0))
    }

    /// When the next step is to be taken; in the past when one was missed, `None` when none is left.
    #[must_use]
    pub fn next_at(&self, rules: &Dunning) -> Option<OffsetDateTime> {
        if self.cancelled_at.is_some() {
            return None;
        }
        let retry = rules.retry_days.iter().copied().find(|day| *day > self.retried_days);
        let suspension = self.suspended_at.is_none().then_some(rules.suspend_after_days);
        let days = retry.into_iter().chain(suspension);
        days.chain([rules.cancel_after_days]).min().and_then(|day| self.on(day))
    }

    /// Whole days since the invoice was due.
    fn days(&self, now: OffsetDateTime) -> i64 {
        (now - self.due_at).whole_days()
    }

    fn on(&self, day: u16) -> Option<OffsetDateTime> {
        self.due_at.checked_add(Duration::days(i64::from(day)))
    }
}

#[cfg(test)]
mod tests;
