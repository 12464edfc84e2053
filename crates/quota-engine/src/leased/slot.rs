//! One slot: what this node holds of one meter for one tenant, or for one of its users or keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenantry_kernel::Code;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_quotas::account::{Held, TenantAccount};
use tenantry_quotas::counter::{ConsumeError, Line, Outcome, Refused, Standing};
use tenantry_quotas::limit::Limit;

use super::MAX_SLICE;
use super::rest::Slice;

/// A slice is at most this part of the room that is left.
const PART_OF_ROOM: i64 = 64;
/// A slice that was used up sooner than this makes the next one larger.
const SHORT_MS: u64 = 1_000;
/// One that lasted longer than this makes the next one smaller.
const LONG_MS: u64 = 10_000;
/// By how much.
const FACTOR: i64 = 4;
/// How long a refusal is believed without asking again: somebody may give something back.
const BELIEVED_MS: u64 = 1_000;
/// How long after the turn of a period calls may come that were made before it.
const OVERTAKING: Duration = Duration::minutes(1);

/// One meter of one tenant, user or key on this node.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// Held while a slice is fetched or the slot is closed, so that a crowd fetches one.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    /// What is left, and of what.
    slice: Option<Slice>,
    left: i64,
    /// What the slice's accounts held when last seen, in their order.
    seen: Vec<Held>,
    /// How large the last slice was, and when it was fetched.
    size: i64,
    fetched_at_ms: u64,
    used_at_ms: u64,
    refusal: Option<Refusal>,
    closed: bool,
}

/// A refusal that is believed for a while.
struct Refusal {
    at_ms: u64,
    limits: Vec<Limit>,
    amount: i64,
    refused: Box<Refused>,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// At the turn of a period calls overtake each other; the later period has begun for all of them.
    pub(super) fn moment(&self, at: OffsetDateTime) -> OffsetDateTime {
        let state = self.state();
        let begun = state.slice.as_ref().and_then(|slice| slice.accounts.first());
        match begun.map(|account| account.key.period_start) {
            Some(start) if at < start && start - at <= OVERTAKING => start,
            _ => at,
        }
    }

    /// Takes an amount, if there is as much for these limits.
    pub(super) fn take(&self, meter: &Code, limits: &[Limit], amount: i64, now_ms: u64) -> Option<Line> {
        let mut state = self.state();
        if state.closed || state.left < amount || !state.is_of(limits) {
            return None;
        }
        state.left -= amount;
        state.used_at_ms = now_ms;
        Some(state.line(meter, limits, amount))
    }

    /// The refusal that is still believed, for as much or more.
    pub(super) fn refusal(&self, limits: &[Limit], amount: i64, now_ms: u64) -> Option<ConsumeError> {
        let state = self.state();
        let refusal = state.refusal.as_ref()?;
        let believed = now_ms.saturating_sub(refusal.at_ms) < BELIEVED_MS && amount >= refusal.amount;
        (believed && refusal.limits == limits).then(|| ConsumeError::Exceeded(refusal.refused.clone()))
    }

    /// How much to fetch: as much as is asked when nothing is known yet; more when the last slice did not last, and
    /// less when little room is left.
    pub(super) fn next_size(&self, limits: &[Limit], amount: i64, now_ms: u64) -> i64 {
        let state = self.state();
        if !state.is_of(limits) || state.seen.len() != limits.len() {
            return amount;
        }
        let lasted = now_ms.saturating_sub(state.fetched_at_ms);
        let wanted = match lasted {
            ..SHORT_MS => state.size.saturating_mul(FACTOR),
            LONG_MS.. => state.size / FACTOR,
            _ => state.size,
        };
        let bounded = limits.iter().zip(&state.seen);
        let room = bounded
            .filter_map(|(limit, held)| limit.hard().map(|hard| held.room(hard)))
            .min();
        let most = room.map_or(MAX_SLICE, |room| (room / PART_OF_ROOM).min(MAX_SLICE));
        wanted.clamp(1, most.max(1)).max(amount)
    }

    /// Puts a fresh slice in, which is `slice.left` of what its accounts hold; takes the first amount from it when
    /// `wanted` still waits for it. Answers what was left of another slice.
    pub(super) fn put(
        &self,
        slice: Slice,
        limits: &[Limit],
        outcome: &Outcome,
        size: i64,
        now_ms: u64,
        wanted: impl FnOnce(&mut dyn FnMut(i64) -> Line) -> i64,
    ) -> Option<Slice> {
        let mut state = self.state();
        let meter = slice.item.meter.code.clone();
        let other = state.turn_to(slice);
        state.left = state.left.saturating_add(size);
        let standings = outcome.lines.first().map(|line| line.standings.as_slice());
        state.seen = standings
            .unwrap_or_default()
            .iter()
            .map(|standing| standing.held)
            .collect();
        (state.size, state.fetched_at_ms, state.used_at_ms) = (size, now_ms, now_ms);
        state.refusal = None;
        let mut line = |amount: i64| {
            state.left -= amount;
            state.line(&meter, limits, amount)
        };
        let unwanted = wanted(&mut line);
        state.left += unwanted;
        other
    }

    /// Remembers a refusal.
    pub(super) fn saw(&self, limits: &[Limit], amount: i64, refused: &Refused, now_ms: u64) {
        let mut state = self.state();
        if state.is_of(limits) {
            state.seen = refused.standings.iter().map(|standing| standing.held).collect();
        }
        state.used_at_ms = now_ms;
        state.refusal = Some(Refusal {
            at_ms: now_ms,
            limits: limits.to_vec(),
            amount,
            refused: Box::new(refused.clone()),
        });
    }

    /// What it holds of an account.
    pub(super) fn unused(&self, account: &TenantAccount) -> i64 {
        let state = self.state();
        let holds = |slice: &Slice| slice.accounts.contains(account);
        if state.slice.as_ref().is_some_and(holds) {
            state.left
        } else {
            0
        }
    }

    /// Closes it for good and hands out what is left; `None` while it was used less than `idle_ms` ago. The caller
    /// holds its turn.
    pub(super) fn close(&self, idle_ms: u64, now_ms: u64) -> Option<Option<Slice>> {
        let mut state = self.state();
        if now_ms.saturating_sub(state.used_at_ms) < idle_ms {
            return None;
        }
        state.closed = true;
        Some(state.rest())
    }
}

impl State {
    fn is_of(&self, limits: &[Limit]) -> bool {
        self.slice.as_ref().is_some_and(|slice| slice.is_of(limits))
    }

    /// What is left of the slice, once.
    fn rest(&mut self) -> Option<Slice> {
        let left = std::mem::take(&mut self.left);
        self.slice
            .take()
            .filter(|_| left > 0)
            .map(|slice| Slice { left, ..slice })
    }

    /// The slice from now on. What is left of one on the same accounts is left of this one.
    fn turn_to(&mut self, slice: Slice) -> Option<Slice> {
        let same = self
            .slice
            .as_ref()
            .is_some_and(|known| known.accounts == slice.accounts);
        let other = if same { None } else { self.rest() };
        self.slice = Some(slice);
        other
    }

    fn line(&self, meter: &Code, limits: &[Limit], amount: i64) -> Line {
        let standing = |(limit, seen): (&Limit, &Held)| Standing {
            limit: limit.clone(),
            held: Held {
                // What is not used yet is counted already.
                posted: seen.posted.saturating_sub(self.left).max(0),
                ..*seen
            },
        };
        let standings: Vec<Standing> = limits.iter().zip(&self.seen).map(standing).collect();
        let leading = standings.first();
        Line {
            meter: meter.clone(),
            amount,
            used: leading.map_or(0, |leading| leading.held.posted),
            limit: leading.and_then(Standing::total),
            resets_at: leading.and_then(|leading| leading.limit.resets_at),
            standings,
        }
    }
}
