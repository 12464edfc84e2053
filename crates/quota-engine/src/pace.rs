//! Rates in memory: one number per subject, decided by [`gcra`](tenantry_quotas::rate::gcra).
//!
//! The number is the time at which the subject would have its whole rate back. A call that is held to several rates
//! locks all of their shards, in one order everywhere, before it looks at any: it counts on all or on none.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tenantry_quotas::rate::gcra::Cell;
use tenantry_quotas::rate::{Pace, PerMinute, RateAnswer, RateLimit, RateLimiter, RateSubject};

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

    /// Counts when `count`, and when every rate allows it.
    fn decide(&self, limits: &[RateLimit], count: bool) -> Vec<Pace> {
        match limits {
            [] => Vec::new(),
            [limit] => {
                let mut shard = self.lock(self.position(&limit.subject));
                let now = (self.ticks)();
                vec![shard.as_deref_mut().map_or_else(
                    || cell(limit.pace).stands(0, true),
                    |shard| {
                        let stands = shard.look(limit, now);
                        if count && stands.allowed {
                            shard.count(limit, stands, now)
                        } else {
                            stands
                        }
                    },
                )]
            }
            several => self.decide_together(several, count),
        }
    }

    fn decide_together(&self, limits: &[RateLimit], count: bool) -> Vec<Pace> {
        let mut order: Vec<(usize, usize)> = limits
            .iter()
            .enumerate()
            .map(|(number, limit)| (self.position(&limit.subject), number))
            .collect();
        order.sort_unstable();
        let mut locked: Vec<(usize, MutexGuard<'_, Shard>)> = Vec::with_capacity(order.len());
        for (position, _) in order {
            if locked.last().is_none_or(|(last, _)| *last != position) {
                locked.extend(self.lock(position).map(|shard| (position, shard)));
            }
        }
        let now = (self.ticks)();
        let mut stands: Vec<Pace> = limits
            .iter()
            .map(|limit| match shard_of(&mut locked, self.position(&limit.subject)) {
                Some(shard) => shard.look(limit, now),
                None => cell(limit.pace).stands(0, true),
            })
            .collect();
        if count && stands.iter().all(|pace| pace.allowed) {
            for (limit, pace) in limits.iter().zip(&mut stands) {
                if let Some(shard) = shard_of(&mut locked, self.position(&limit.subject)) {
                    *pace = shard.count(limit, *pace, now);
                }
            }
        }
        stands
    }

    fn position(&self, subject: &RateSubject) -> usize {
        usize::try_from(self.hasher.hash_one(subject) % SHARDS as u64).unwrap_or(0)
    }

    fn lock(&self, position: usize) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(position)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn shard_of<'s>(locked: &'s mut [(usize, MutexGuard<'_, Shard>)], position: usize) -> Option<&'s mut Shard> {
    let found = locked.iter_mut().find(|(known, _)| *known == position)?;
    Some(&mut found.1)
}

fn cell(pace: PerMinute) -> Cell {
    Cell::new(pace, 1)
}

impl Default for PaceKeeper {
    fn default() -> Self {
        Self::new()
    }
}

impl RateLimiter for PaceKeeper {
    fn call(&self, limits: &[RateLimit]) -> RateAnswer {
        RateAnswer::Now(Ok(self.decide(limits, true)))
    }

    fn peek(&self, limits: &[RateLimit]) -> RateAnswer {
        RateAnswer::Now(Ok(self.decide(limits, false)))
    }
}

impl Shard {
    fn look(&self, limit: &RateLimit, now: u64) -> Pace {
        let at = self.full_again_at.get(&limit.subject).copied().unwrap_or(0);
        let (cell, ahead) = (cell(limit.pace), at.saturating_sub(now));
        cell.stands(ahead, cell.fits(ahead))
    }

    /// Counts a call of somebody who stands so.
    fn count(&mut self, limit: &RateLimit, stands: Pace, now: u64) -> Pace {
        let cell = cell(limit.pace);
        let ahead = u64::try_from(stands.reset_after.as_nanos()).unwrap_or(u64::MAX) + cell.interval_ns();
        match self.full_again_at.get_mut(&limit.subject) {
            Some(at) => *at = now + ahead,
            None => self.remember(limit.subject.clone(), now + ahead, now),
        }
        cell.stands(ahead, true)
    }

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

#[cfg(test)]
mod tests;
