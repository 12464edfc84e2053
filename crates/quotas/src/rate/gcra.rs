//! The generic cell rate algorithm (ITU-T I.371, virtual scheduling): one number per subject.
//!
//! The number is how far in the future the subject has its whole rate back. A call moves it on by one interval; a call
//! that would move it further than a minute ahead comes too fast. Because the number is a time and not a count, a
//! changed rate applies at once. Whoever keeps the number, here or in another process, decides with these rules.

use std::time::Duration;

use super::{Pace, PerMinute};

const MINUTE_NS: u64 = 60_000_000_000;

/// One rate, in the ticks of the clock that it is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    interval_ns: u64,
    calls: u32,
}

impl Cell {
    /// A rate kept by a clock that ticks every `tick_ns`: intervals are whole ticks.
    #[must_use]
    pub fn new(pace: PerMinute, tick_ns: u64) -> Self {
        let tick_ns = tick_ns.max(1);
        let whole = MINUTE_NS / u64::from(pace.calls()) / tick_ns * tick_ns;
        Self {
            interval_ns: whole.max(tick_ns),
            calls: pace.calls(),
        }
    }

    /// How far one call moves the number.
    #[must_use]
    pub const fn interval_ns(self) -> u64 {
        self.interval_ns
    }

    /// How far ahead the number may be.
    #[must_use]
    pub const fn window_ns(self) -> u64 {
        self.interval_ns * self.calls as u64
    }

    /// True when one more call fits.
    #[must_use]
    pub const fn fits(self, ahead_ns: u64) -> bool {
        ahead_ns + self.interval_ns <= self.window_ns()
    }

    /// How a subject stands that has its whole rate back in `ahead_ns`.
    #[must_use]
    pub fn stands(self, ahead_ns: u64, allowed: bool) -> Pace {
        let left = self.window_ns().saturating_sub(ahead_ns) / self.interval_ns;
        let wait = (ahead_ns + self.interval_ns).saturating_sub(self.window_ns());
        Pace {
            allowed,
            limit: self.calls,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset_after: Duration::from_nanos(ahead_ns),
            retry_after: Duration::from_nanos(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(calls: u32) -> Cell {
        Cell::new(PerMinute::new(calls).unwrap(), 1)
    }

    #[test]
    fn the_last_call_that_fits_leaves_nothing_and_an_interval_to_wait() {
        let ten = cell(10);
        let before = 9 * ten.interval_ns();

        assert!(ten.fits(before) && !ten.fits(before + 1));
        let after = ten.stands(before + ten.interval_ns(), true);
        assert_eq!((after.remaining, after.retry_after), (0, Duration::from_secs(6)));
        assert_eq!(after.reset_after, Duration::from_mins(1));
    }

    #[test]
    fn a_coarse_clock_never_makes_an_interval_of_nothing() {
        let fast = Cell::new(PerMinute::new(u32::MAX).unwrap(), 1_000);

        assert_eq!(fast.interval_ns(), 1_000);
        assert!(fast.fits(0));
    }

    #[test]
    fn a_number_from_a_faster_rate_only_means_a_longer_wait() {
        let one = cell(1);

        let stands = one.stands(90_000_000_000, false);

        assert_eq!((stands.remaining, stands.retry_after), (0, Duration::from_secs(90)));
    }
}
