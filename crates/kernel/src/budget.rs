//! Budgets: how often something may be done in a while, for the whole installation and across restarts.
//!
//! For what strangers may cause and what costs others: letters to one address, tenants founded from one network. Rates
//! of calls are another thing: they live in memory, see quotas.

use std::num::NonZeroU32;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::error::StoreError;

/// How often something may be done at once, and in how long all of that comes back.
///
/// It comes back evenly (the generic cell rate algorithm, ITU-T I.371): with sixty an hour, one a minute. So whoever
/// uses a budget up on purpose takes it from others for a moment, and never for the whole while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    times: NonZeroU32,
    per: Duration,
}

impl Budget {
    /// So many times an hour.
    #[must_use]
    pub const fn hourly(times: NonZeroU32) -> Self {
        Self {
            times,
            per: Duration::HOUR,
        }
    }

    /// In how long one comes back, in whole microseconds, as times are kept.
    #[must_use]
    pub fn interval(&self) -> Duration {
        let each = self.per.whole_microseconds() / i128::from(self.times.get());
        Duration::microseconds(i64::try_from(each).unwrap_or(i64::MAX))
    }

    /// How far ahead of the present a subject may be when it does it once more.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        self.per - self.interval()
    }

    /// The rule: what becomes of a subject whose budget is whole again at `whole_at` and who does it once more.
    ///
    /// # Errors
    /// How long to wait until it may.
    pub fn take(&self, whole_at: Option<OffsetDateTime>, now: OffsetDateTime) -> Result<OffsetDateTime, Duration> {
        let from = whole_at.map_or(now, |whole_at| whole_at.max(now));
        let wait = from - now - self.tolerance();
        if wait.is_positive() {
            Err(wait)
        } else {
            Ok(from + self.interval())
        }
    }
}

/// Keeps budgets. Of a subject it is told a keyed hash only.
#[async_trait]
pub trait BudgetKeeper: Send + Sync {
    /// Takes one of the subject's budget, by [`Budget::take`]; two at once never take the same one. The inner answer is
    /// how long to wait when nothing is left, and nothing was taken then.
    async fn take(
        &self,
        budget: &Budget,
        subject: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Result<(), Duration>, StoreError>;

    /// Forgets subjects whose budgets are whole again, `limit` at most; tells how many.
    async fn forget_whole(&self, now: OffsetDateTime, limit: u32) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn hourly(times: u32) -> Budget {
        Budget::hourly(NonZeroU32::new(times).unwrap())
    }

    #[test]
    fn all_of_it_may_be_used_at_once_and_comes_back_evenly() {
        let budget = hourly(60);
        let mut whole_at = None;
        for time in 0..60 {
            whole_at = Some(budget.take(whole_at, NOW).unwrap_or_else(|_| panic!("time {time}")));
        }

        assert_eq!(budget.take(whole_at, NOW), Err(Duration::MINUTE));
        assert!(budget.take(whole_at, NOW + Duration::seconds(59)).is_err());
        let next = budget.take(whole_at, NOW + Duration::MINUTE).unwrap();
        assert!(budget.take(Some(next), NOW + Duration::MINUTE).is_err());
        assert!(budget.take(Some(next), NOW + Duration::minutes(2)).is_ok());
    }

    #[test]
    fn what_was_not_used_does_not_pile_up() {
        let budget = hourly(2);
        let day_later = NOW + Duration::DAY;

        let once = budget.take(Some(NOW), day_later).unwrap();
        let twice = budget.take(Some(once), day_later).unwrap();

        assert_eq!(budget.take(Some(twice), day_later), Err(Duration::minutes(30)));
    }

    #[test]
    fn one_an_hour_is_one() {
        let budget = hourly(1);
        let whole_at = budget.take(None, NOW).unwrap();

        assert_eq!(whole_at, NOW + Duration::HOUR);
        assert_eq!(budget.take(Some(whole_at), NOW), Err(Duration::HOUR));
        assert!(budget.take(Some(whole_at), NOW + Duration::HOUR).is_ok());
    }
}
