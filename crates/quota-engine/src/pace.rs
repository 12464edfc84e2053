//! Paces in memory: the generic cell rate algorithm (ITU-T I.371), one number per subject.
//!
//! The number is the time at which the subject would have its whole pace back. A call moves it on by one
//! interval; a call that would move it further than a minute ahead comes too fast. Because the number is
//! a time and not a count, a changed pace applies at once.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenantry_quotas::rate::{Pace, PerMinute, RateLimiter, RateSubject};

const MINUTE_NS: u64 = 60_000_000_000;
const SHARDS: usize = 64;

/// Nanoseconds since some start, never going back.
type Ticks = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Holds callers to a pace, on this node.
pub struct PaceKeeper {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    ticks: Ticks,
}

#[derive(Default)]
struct Shard {
    full_again_at: HashMap<RateSubject, u64>,
    sweep_at_len: usize,
}

impl PaceKeeper {
    /// How many subjects one shard remembers at most; the whole keeper remembers 64 times as many.
    pub const SHARD_LEN: usize = 8_192;

    /// A keeper on the monotonic clock.
    #[must_use]
    pub fn new() -> Self {
        let start = Instant::now();
        Self::with_ticks(Arc::new(move || {
            u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
        }))
    }

    fn with_ticks(ticks: Ticks) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            ticks,
        }
    }

    fn stands(&self, subject: &RateSubject, pace: PerMinute, count: bool) -> Pace {
        let now = (self.ticks)();
        let position = usize::try_from(self.hasher.hash_one(subject)).unwrap_or(0) % SHARDS;
        let Some(shard) = self.shards.get(position) else {
            return decide(0, now, pace).1;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shard.full_again_at.get_mut(subject);
        let (next, stands) = decide(known.as_ref().map_or(0, |at| **at), now, pace);
        if count && stands.allowed {
            match known {
                Some(at) => *at = next,
                None => shard.remember(subject.clone(), next, now),
            }
            return stands;
        }
        if stands.allowed {
            untouched(stands, next, now, pace)
        } else {
            stands
        }
    }
}

impl Default for PaceKeeper {
    fn default() -> Self {
        Self::new()
    }
}

impl RateLimiter for PaceKeeper {
    fn call(&self, subject: &RateSubject, pace: PerMinute) -> Pace {
        self.stands(subject, pace, true)
    }

    fn peek(&self, subject: &RateSubject, pace: PerMinute) -> Pace {
        self.stands(subject, pace, false)
    }
}

impl Shard {
    fn remember(&mut self, subject: RateSubject, at: u64, now: u64) {
        if self.full_again_at.len() >= self.sweep_at_len.max(64) {
            self.forget(now);
        }
        self.full_again_at.insert(subject, at);
    }

    /// Forgets who has the whole pace back: they look like strangers. In a flood of strangers that is not
    /// enough; then the half that is nearest to having it back is forgotten too.
    fn forget(&mut self, now: u64) {
        self.full_again_at.retain(|_, at| *at > now);
        if self.full_again_at.len() >= PaceKeeper::SHARD_LEN {
            let mut times: Vec<u64> = self.full_again_at.values().copied().collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            self.full_again_at.retain(|_, at| *at > median);
        }
        self.full_again_at.shrink_to(self.full_again_at.len() * 2);
        self.sweep_at_len = (self.full_again_at.len() * 2).min(PaceKeeper::SHARD_LEN);
    }
}

/// Where a call would move the subject's number, and how the call stands.
fn decide(full_again_at: u64, now: u64, pace: PerMinute) -> (u64, Pace) {
    let interval = interval_ns(pace);
    let window = interval * u64::from(pace.calls());
    let next = full_again_at.max(now) + interval;
    let ahead = next - now;
    if ahead > window {
        let stands = Pace {
            allowed: false,
            limit: pace.calls(),
            remaining: 0,
            reset_after: Duration::from_nanos(ahead - interval),
            retry_after: Duration::from_nanos(ahead - window),
        };
        return (full_again_at, stands);
    }
    let stands = Pace {
        allowed: true,
        limit: pace.calls(),
        remaining: whole_calls(window - ahead, interval),
        reset_after: Duration::from_nanos(ahead),
        retry_after: Duration::ZERO,
    };
    (next, stands)
}

/// The same standing without the call itself.
fn untouched(stands: Pace, next: u64, now: u64, pace: PerMinute) -> Pace {
    let interval = interval_ns(pace);
    let ahead = next - now - interval;
    Pace {
        remaining: whole_calls(interval * u64::from(pace.calls()) - ahead, interval),
        reset_after: Duration::from_nanos(ahead),
        ..stands
    }
}

fn interval_ns(pace: PerMinute) -> u64 {
    MINUTE_NS / u64::from(pace.calls())
}

fn whole_calls(time: u64, interval: u64) -> u32 {
    u32::try_from(time / interval).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicU64, Ordering};

    fn keeper() -> (PaceKeeper, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(1));
        let read = Arc::clone(&now);
        (
            PaceKeeper::with_ticks(Arc::new(move || read.load(Ordering::SeqCst))),
            now,
        )
    }

    fn address(number: u32) -> RateSubject {
        RateSubject::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    fn pace(calls: u32) -> PerMinute {
        PerMinute::new(calls).unwrap()
    }

    fn pass(now: &AtomicU64, time: Duration) {
        now.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
    }

    #[test]
    fn the_eleventh_of_ten_calls_comes_too_fast_until_an_interval_has_passed() {
        let (keeper, now) = keeper();
        let remaining: Vec<u32> = (0..10).map(|_| keeper.call(&address(1), pace(10)).remaining).collect();

        let refused = keeper.call(&address(1), pace(10));
        pass(&now, Duration::from_secs(6));
        let later = keeper.call(&address(1), pace(10));

        assert_eq!(remaining, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!((refused.allowed, refused.retry_after), (false, Duration::from_secs(6)));
        assert!(later.allowed);
    }

    #[test]
    fn refused_calls_do_not_count() {
        let (keeper, now) = keeper();
        for _ in 0..50 {
            keeper.call(&address(1), pace(10));
        }

        pass(&now, Duration::from_mins(1));

        assert_eq!(keeper.call(&address(1), pace(10)).remaining, 9);
    }

    #[test]
    fn looking_does_not_count() {
        let (keeper, _) = keeper();
        keeper.call(&address(1), pace(10));

        let first = keeper.peek(&address(1), pace(10));
        let second = keeper.peek(&address(1), pace(10));

        assert_eq!(first, second);
        assert_eq!((first.allowed, first.remaining), (true, 9));
        assert_eq!(first.reset_after, Duration::from_secs(6));
    }

    #[test]
    fn a_stranger_has_the_whole_pace() {
        let (keeper, _) = keeper();

        let stands = keeper.peek(&address(1), pace(10));

        assert_eq!((stands.remaining, stands.reset_after), (10, Duration::ZERO));
    }

    #[test]
    fn subjects_do_not_slow_each_other() {
        let (keeper, _) = keeper();
        while keeper.call(&address(1), pace(3)).allowed {}

        assert!(keeper.call(&address(2), pace(3)).allowed);
    }

    #[test]
    fn a_raised_pace_applies_at_once() {
        let (keeper, _) = keeper();
        while keeper.call(&address(1), pace(10)).allowed {}

        let raised = keeper.call(&address(1), pace(100));

        assert!(raised.retry_after <= Duration::from_millis(600), "{raised:?}");
    }

    #[test]
    fn a_flood_of_strangers_does_not_grow_without_bound() {
        let (keeper, _) = keeper();
        let most = u32::try_from(PaceKeeper::SHARD_LEN * SHARDS).unwrap();

        for number in 0..most + most / 2 {
            keeper.call(&address(number), pace(10));
        }

        let remembered: usize = keeper
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().full_again_at.len())
            .sum();
        assert!(remembered <= PaceKeeper::SHARD_LEN * SHARDS, "{remembered}");
    }

    #[test]
    fn who_has_been_quiet_is_forgotten() {
        let (keeper, now) = keeper();
        for number in 0..100_000 {
            keeper.call(&address(number), pace(10));
        }

        pass(&now, Duration::from_mins(1));
        for number in 100_000..200_000 {
            keeper.call(&address(number), pace(10));
        }

        let oldest = address(5);
        let known = keeper
            .shards
            .iter()
            .any(|shard| shard.lock().unwrap().full_again_at.contains_key(&oldest));
        assert!(!known);
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_twice_the_pace_and_no_instant_more_than_it(
            calls in 1_u32..2_000,
            waits in proptest::collection::vec(0_u64..2_000_000_000, 1..300),
        ) {
            let (keeper, now) = keeper();
            let start = now.load(Ordering::SeqCst);
            let mut granted = 0_u64;
            for wait in waits {
                now.fetch_add(wait, Ordering::SeqCst);
                granted += u64::from(keeper.call(&address(1), pace(calls)).allowed);

                let passed = now.load(Ordering::SeqCst) - start;
                prop_assert!(granted <= u64::from(calls) + passed / interval_ns(pace(calls)) + 1);
            }
        }
    }
}
