//! Rates in memory: one number per subject, decided by [`gcra`](tenantry_quotas::rate::gcra).
//!
//! The number is the time at which the subject would have its whole rate back. A call that is held to several rates
//! locks all of their shards, in one order everywhere, before it looks at any: it counts on all or on none.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;
use tenantry_quotas::rate::gcra::Cell;
use tenantry_quotas::rate::{Pace, RateAnswer, RateLimit, RateLimiter, RateSubject};

const SHARDS: u64 = 64;

/// As many as the rates of one call are at most; more would work, on the heap.
type Few<T> = SmallVec<[T; 8]>;

/// Nanoseconds since some start, never going back.
type Ticks = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Holds callers to a pace, on this node.
pub struct PaceKeeper {
    shards: Vec<Mutex<Shard>>,
    /// Keyed anew in every process: whoever chooses addresses cannot choose where they are kept.
    hasher: RandomState,
    ticks: Ticks,
}

#[derive(Default)]
struct Shard {
    known: HashTable<Known>,
    sweep_at_len: usize,
}

struct Known {
    subject: RateSubject,
    full_again_at: u64,
}

/// One rate of a call, with what is found out about it once.
struct Asked<'a> {
    limit: &'a RateLimit,
    cell: Cell,
    hash: u64,
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
            hasher: RandomState::default(),
            ticks,
        }
    }

    /// Counts when `count`, and when every rate allows it.
    fn decide(&self, limits: &[RateLimit], count: bool) -> Vec<Pace> {
        match limits {
            [] => Vec::new(),
            [limit] => {
                let asked = self.asked(limit);
                let mut shard = self.lock(asked.shard());
                let now = (self.ticks)();
                vec![shard.as_deref_mut().map_or_else(
                    || asked.cell.stands(0, true),
                    |shard| {
                        let ahead = shard.ahead(&asked, now);
                        if count && asked.cell.fits(ahead) {
                            shard.count(&asked, ahead, now, &self.hasher)
                        } else {
                            asked.stands(ahead)
                        }
                    },
                )]
            }
            several => self.decide_together(several, count),
        }
    }

    fn decide_together(&self, limits: &[RateLimit], count: bool) -> Vec<Pace> {
        let asked: Few<Asked<'_>> = limits.iter().map(|limit| self.asked(limit)).collect();
        let mut order: Few<usize> = asked.iter().map(Asked::shard).collect();
        order.sort_unstable();
        order.dedup();
        let mut locked: Few<(usize, MutexGuard<'_, Shard>)> = SmallVec::new();
        for position in order {
            locked.extend(self.lock(position).map(|shard| (position, shard)));
        }
        let now = (self.ticks)();
        let ahead: Few<u64> = asked
            .iter()
            .map(|asked| shard_of(&mut locked, asked).map_or(0, |shard| shard.ahead(asked, now)))
            .collect();
        let each = asked.iter().zip(ahead);
        if count && each.clone().all(|(asked, ahead)| asked.cell.fits(ahead)) {
            each.map(|(asked, ahead)| match shard_of(&mut locked, asked) {
                Some(shard) => shard.count(asked, ahead, now, &self.hasher),
                None => asked.stands(ahead),
            })
            .collect()
        } else {
            each.map(|(asked, ahead)| asked.stands(ahead)).collect()
        }
    }

    fn asked<'a>(&self, limit: &'a RateLimit) -> Asked<'a> {
        Asked {
            limit,
            cell: Cell::new(limit.pace, 1),
            hash: self.hasher.hash_one(&limit.subject),
        }
    }

    fn lock(&self, position: usize) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(position)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Asked<'_> {
    /// Which shard the subject lives in. The table inside looks at the lowest and the highest bits.
    fn shard(&self) -> usize {
        usize::try_from((self.hash >> 32) % SHARDS).unwrap_or(0)
    }

    fn stands(&self, ahead: u64) -> Pace {
        self.cell.stands(ahead, self.cell.fits(ahead))
    }
}

fn shard_of<'s>(locked: &'s mut [(usize, MutexGuard<'_, Shard>)], asked: &Asked<'_>) -> Option<&'s mut Shard> {
    let position = asked.shard();
    let found = locked.iter_mut().find(|(known, _)| *known == position)?;
    Some(&mut found.1)
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
    /// In how many nanoseconds the subject has its whole rate back.
    fn ahead(&self, asked: &Asked<'_>, now: u64) -> u64 {
        let known = self
            .known
            .find(asked.hash, |known| known.subject == asked.limit.subject);
        known.map_or(0, |known| known.full_again_at.saturating_sub(now))
    }

    /// Counts a call of somebody who has the whole rate back in `ahead`.
    fn count(&mut self, asked: &Asked<'_>, ahead: u64, now: u64, hasher: &RandomState) -> Pace {
        let ahead = ahead + asked.cell.interval_ns();
        let same = |known: &Known| known.subject == asked.limit.subject;
        match self.known.find_mut(asked.hash, same) {
            Some(known) => known.full_again_at = now + ahead,
            None => self.remember(asked, now + ahead, now, hasher),
        }
        asked.cell.stands(ahead, true)
    }

    fn remember(&mut self, asked: &Asked<'_>, full_again_at: u64, now: u64, hasher: &RandomState) {
        let rehash = |known: &Known| hasher.hash_one(&known.subject);
        if self.known.len() >= self.sweep_at_len.max(64) {
            self.forget(now);
            self.known.shrink_to(self.known.len() * 2, rehash);
        }
        let known = Known {
            subject: asked.limit.subject.clone(),
            full_again_at,
        };
        self.known.insert_unique(asked.hash, known, rehash);
    }

    /// Forgets who has the whole pace back: they look like strangers. In a flood of strangers that is not
    /// enough; then the half that is nearest to having it back is forgotten too.
    fn forget(&mut self, now: u64) {
        self.known.retain(|known| known.full_again_at > now);
        if self.known.len() >= PaceKeeper::SHARD_LEN {
            let mut times: Vec<u64> = self.known.iter().map(|known| known.full_again_at).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            self.known.retain(|known| known.full_again_at > median);
        }
        self.sweep_at_len = (self.known.len() * 2).min(PaceKeeper::SHARD_LEN);
    }
}

#[cfg(test)]
mod tests;
