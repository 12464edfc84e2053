//! The queue before the writer: bounded, and fair between tenants.
//!
//! Every tenant that waits has a lane of its own, in the order its operations came. A batch is filled by going round
//! the lanes; each round a lane earns the right to one more line and spends it on its first operation (deficit round
//! robin). So ten thousand operations of one tenant stand in that tenant's way only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tenantry_kernel::TenantId;
use tokio::sync::Notify;

/// After how many turns of everybody else nobody is expected to ask any more.
const QUIET_TURNS: usize = 4;

/// What can wait.
pub(crate) trait Waits {
    /// How many lines of the ledger it may become.
    fn lines(&self) -> usize;

    /// True when nobody waits for its answer any more.
    fn is_gone(&self) -> bool;

    /// True when it must not be in one batch with what was taken for this one already.
    fn must_follow(&self, taken: &[Self]) -> bool
    where
        Self: Sized;
}

/// How much may wait, and how much is taken at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) all: usize,
    pub(crate) of_a_tenant: usize,
    pub(crate) batch: usize,
}

/// Operations that wait, by tenant.
pub(crate) struct Queue<W> {
    lanes: Mutex<Lanes<W>>,
    arrived: Notify,
    bounds: Bounds,
}

struct Lanes<W> {
    of: HashMap<TenantId, Lane<W>>,
    /// The tenants that wait, each once, whose turn is next in front.
    turns: VecDeque<TenantId>,
    len: usize,
    closed: bool,
}

struct Lane<W> {
    waiting: VecDeque<W>,
    /// Lines earned and not spent.
    earned: usize,
    /// Its first operation must wait for the next batch.
    held_back: bool,
}

impl<W: Waits> Queue<W> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let lanes = Lanes {
            of: HashMap::new(),
            turns: VecDeque::new(),
            len: 0,
            closed: false,
        };
        Self {
            lanes: Mutex::new(lanes),
            arrived: Notify::new(),
            bounds,
        }
    }

    /// Puts operations of one tenant behind those that wait, all or none.
    ///
    /// # Errors
    /// The operations, when the queue or the tenant's part of it is full, or when nothing is taken any more.
    pub(crate) fn push(&self, tenant: TenantId, operations: Vec<W>) -> Result<(), Vec<W>> {
        let more = operations.len();
        if more == 0 {
            return Ok(());
        }
        let mut lanes = self.lanes();
        let waiting = lanes.of.get(&tenant).map_or(0, |lane| lane.waiting.len());
        let fits = lanes.len + more <= self.bounds.all && waiting + more <= self.bounds.of_a_tenant;
        if lanes.closed || !fits {
            return Err(operations);
        }
        lanes.len += more;
        if waiting == 0 {
            lanes.turns.push_back(tenant);
        }
        let lane = lanes.of.entry(tenant).or_insert_with(Lane::new);
        lane.waiting.extend(operations);
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next batch; `None` when nothing waits and nothing will.
    pub(crate) async fn next(&self) -> Option<Vec<W>> {
        loop {
            {
                let mut lanes = self.lanes();
                let batch = lanes.take(self.bounds.batch);
                if !batch.is_empty() {
                    return Some(batch);
                }
                if lanes.closed {
                    return None;
                }
            }
            // What arrives between looking and waiting left its permit.
            self.arrived.notified().await;
        }
    }

    /// Lets those who were just answered ask again, for as long as any do: otherwise a crowd falls into two halves that
    /// take turns, and each transaction carries half of it.
    pub(crate) async fn gather(&self, answered: usize) {
        let mut waiting = self.lanes().len;
        let most = self.bounds.batch.min(waiting + answered);
        let mut quiet = 0;
        while waiting < most && quiet < QUIET_TURNS {
            tokio::task::yield_now().await;
            let more = self.lanes().len;
            quiet = if more > waiting { 0 } else { quiet + 1 };
            waiting = more;
        }
    }

    /// Takes nothing more; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.lanes().closed = true;
        self.arrived.notify_one();
    }

    /// Takes nothing more, and drops what waits.
    pub(crate) fn abandon(&self) {
        let dropped = {
            let mut lanes = self.lanes();
            lanes.closed = true;
            lanes.len = 0;
            lanes.turns.clear();
            std::mem::take(&mut lanes.of)
        };
        drop(dropped);
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lanes().len
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<W>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> Lane<W> {
    const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            earned: 0,
            held_back: false,
        }
    }
}

impl<W: Waits> Lanes<W> {
    /// Goes round the lanes until the batch is full or nobody waits who may be in it.
    fn take(&mut self, most: usize) -> Vec<W> {
        let mut taken = Vec::with_capacity(most.min(self.len));
        let mut held_back = Vec::new();
        while taken.len() < most
            && let Some(tenant) = self.turns.pop_front()
        {
            let alone = self.turns.is_empty();
            let Some(lane) = self.of.get_mut(&tenant) else { continue };
            let before = lane.waiting.len();
            lane.turn(alone, most, &mut taken);
            self.len -= before - lane.waiting.len();
            if lane.waiting.is_empty() {
                self.of.remove(&tenant);
            } else if lane.held_back {
                lane.held_back = false;
                held_back.push(tenant);
            } else {
                self.turns.push_back(tenant);
            }
        }
        // They waited longest: they are first in the next batch.
        for tenant in held_back.into_iter().rev() {
            self.turns.push_front(tenant);
        }
        taken
    }
}

impl<W: Waits> Lane<W> {
    /// One turn: a line is earned and spent. Where nobody else waits, there is nobody to be fair to.
    fn turn(&mut self, alone: bool, most: usize, taken: &mut Vec<W>) {
        self.earned += 1;
        while taken.len() < most
            && let Some(first) = self.waiting.front()
        {
            if first.is_gone() {
                self.waiting.pop_front();
                continue;
            }
            if first.must_follow(taken) {
                self.held_back = true;
                return;
            }
            let lines = first.lines().max(1);
            if lines > self.earned && !alone {
                return;
            }
            self.earned = self.earned.saturating_sub(lines);
            taken.extend(self.waiting.pop_front());
        }
        if self.waiting.is_empty() {
            self.earned = 0;
        }
    }
}

#[cfg(test)]
mod tests;
