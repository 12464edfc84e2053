//! What one batch writes and answers. Pure: the accounts are locked, and everything about them is read already.
//!
//! [`job`] says which accounts an order needs; [`settle`] decides what is used, held and ended; [`post`] writes down
//! what follows from a decision.

pub(crate) mod job;
mod post;
mod reserve;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use tenantry_kernel::{IdSource, StoreError};
use tenantry_quotas::account::{Held, TenantAccount};
use tenantry_quotas::counter::{Act, ConsumeError, Line, Outcome, Refused, Standing};
use tenantry_quotas::decide::{Claim, Move, Operation, Part, States, Verdict, decide};
use tenantry_quotas::engine::{BatchWrites, OperationRef, Posting};
use tenantry_quotas::ledger::{EntryKind, LedgerEntry};
use tenantry_quotas::limit::Limit;
use tenantry_quotas::reservation::{Hold, Reservation, ReservationRef};
use time::OffsetDateTime;

use job::Job;

/// What an order comes to.
pub(crate) type Answer = Result<Outcome, ConsumeError>;

/// What was read under the lock.
#[derive(Default)]
pub(crate) struct Facts {
    /// The limits of all locked accounts: of several revisions of one, the latest.
    pub(crate) limits: BTreeMap<TenantAccount, Limit>,
    /// What the accounts hold, and who was counted on them.
    pub(crate) states: States,
    /// Accounts that this batch made and that begin with what the period before left over.
    pub(crate) begun: BTreeSet<TenantAccount>,
    /// Operations that were counted before.
    pub(crate) known: BTreeMap<OperationRef, Vec<LedgerEntry>>,
    /// Reservations that were made before.
    pub(crate) reserved: BTreeMap<OperationRef, Reservation>,
    /// Reservations that are to be ended.
    pub(crate) reservations: BTreeMap<ReservationRef, Reservation>,
    /// What reservations hold: those that are to be ended, and those whose time is up.
    pub(crate) holds: BTreeSet<Hold>,
}

/// Decides operations in the order they arrived, and gathers what follows.
///
/// What is known grows with it: an operation that comes twice in one batch gets its first answer again.
pub(crate) struct Plan<'i> {
    facts: Facts,
    /// Holds whose time may be up, by account.
    overdue: BTreeMap<TenantAccount, Vec<Hold>>,
    changed: BTreeSet<TenantAccount>,
    writes: BatchWrites,
    ids: &'i dyn IdSource,
}

/// Plans a whole batch.
pub(crate) fn plan(jobs: &[Job<'_>], facts: Facts, ids: &dyn IdSource) -> (BatchWrites, Vec<Answer>) {
    let mut plan = Plan::new(facts, ids);
    let answers = jobs.iter().map(|job| plan.answer(job)).collect();
    (plan.finish(), answers)
}

impl<'i> Plan<'i> {
    fn new(facts: Facts, ids: &'i dyn IdSource) -> Self {
        let mut overdue: BTreeMap<TenantAccount, Vec<Hold>> = BTreeMap::new();
        for hold in &facts.holds {
            overdue.entry(hold.account.clone()).or_default().push(hold.clone());
        }
        Self {
            // Whether anything counts there or not: who comes next will not find it new any more.
            changed: facts.begun.clone(),
            facts,
            overdue,
            writes: BatchWrites::default(),
            ids,
        }
    }

    fn answer(&mut self, job: &Job<'_>) -> Answer {
        self.free_overdue(job);
        match &job.pending.order.act {
            Act::Consume(items) => self.count(job, items, EntryKind::Usage, false),
            Act::Lease(item) => self.count(job, std::slice::from_ref(item), EntryKind::Lease, false),
            Act::Correct { kind, item } => self.count(job, std::slice::from_ref(item), *kind, true),
            Act::Reserve { id, items, expires_at } => self.reserve(job, *id, items, *expires_at),
            Act::Commit { used, .. } => self.commit(job, used.as_deref()),
            Act::Release { expired, .. } => self.release(job, *expired),
            Act::GiveBack(_) => self.give_back(job),
        }
    }

    fn finish(mut self) -> BatchWrites {
        for account in self.changed {
            let held = self.facts.states.held(&account);
            let hard = self.facts.limits.get(&account).and_then(Limit::hard);
            let within = hard
                .map(|limit| limit.saturating_add(held.granted))
                .filter(|within| held.taken() <= *within);
            self.writes.accounts.insert(account, Posting { held, within });
        }
        self.writes
    }

    /// Frees what reservations hold on the job's accounts whose time is up, whether anybody wrote that down or not.
    fn free_overdue(&mut self, job: &Job<'_>) {
        if self.overdue.is_empty() {
            return;
        }
        let now = job.pending.order.now;
        for limit in job.all_limits() {
            let Some(holds) = self.overdue.get_mut(&limit.account) else {
                continue;
            };
            let due: Vec<Hold> = holds.extract_if(.., |hold| hold.expires_at <= now).collect();
            for hold in due {
                self.free(hold);
            }
        }
    }

    /// Holds this no more. What is not held is not freed twice.
    fn free(&mut self, hold: Hold) {
        if !self.facts.holds.contains(&hold) || self.writes.freed.contains(&hold) {
            return;
        }
        let account = self.facts.states.accounts.entry(hold.account.clone()).or_default();
        account.pending = account.pending.saturating_sub(hold.amount).max(0);
        self.changed.insert(hold.account.clone());
        self.writes.freed.insert(hold);
    }

    /// What a reservation still holds.
    fn held_by(&self, reservation: ReservationRef) -> Vec<Hold> {
        let of_it = |hold: &&Hold| hold.reservation == reservation && !self.writes.freed.contains(*hold);
        self.facts.holds.iter().filter(of_it).cloned().collect()
    }

    /// The limit as the latest revision in the batch has it.
    fn latest<'l>(&'l self, limit: &'l Limit) -> &'l Limit {
        self.facts.limits.get(&limit.account).unwrap_or(limit)
    }

    fn claim(&self, limit: &Limit) -> Claim {
        Claim {
            account: limit.account.clone(),
            limit: self.latest(limit).hard(),
        }
    }

    fn claims(&self, limits: &[Limit]) -> Vec<Claim> {
        limits.iter().map(|limit| self.claim(limit)).collect()
    }

    /// How a limit stands when its account holds this.
    fn standing(&self, limit: &Limit, held: Held) -> Standing {
        Standing {
            limit: self.latest(limit).clone(),
            held,
        }
    }

    /// How the limits stand now.
    fn standings<'l>(
        &'l self,
        limits: impl IntoIterator<Item = &'l Limit> + 'l,
    ) -> impl Iterator<Item = Standing> + 'l {
        limits
            .into_iter()
            .map(|limit| self.standing(limit, self.facts.states.held(&limit.account)))
    }

    /// Decides, and remembers which accounts and members that changed. `whose` names the item and the limit of a
    /// part's claim, for the refusal.
    fn decide<'l>(
        &mut self,
        job: &'l Job<'_>,
        operation: &Operation,
        whose: impl Fn(usize, usize) -> Option<(usize, &'l Limit)>,
    ) -> Result<Vec<Vec<(Held, Held)>>, ConsumeError> {
        match decide(&mut self.facts.states, operation) {
            Verdict::Granted { moved } => {
                for (part, moves) in operation.parts.iter().zip(&moved) {
                    for (claim, (before, after)) in part.claims.iter().zip(moves) {
                        self.note(part, claim, *before, *after);
                    }
                }
                Ok(moved)
            }
            Verdict::Refused { binding, held } => {
                let (item, limit) = whose(binding.0, binding.1).ok_or_else(unheard_of)?;
                let change = operation.parts.get(binding.0).map(|part| &part.change);
                Err(ConsumeError::Exceeded(Box::new(Refused {
                    item,
                    amount: change.map_or(0, |change| wanted(change, held)),
                    // What it holds by itself: what other items of the operation asked of it was not counted.
                    binding: self.standing(limit, self.facts.states.held(&limit.account)),
                    standings: self.standings(job.limits.iter().flatten()).collect(),
                })))
            }
            Verdict::Below { held, .. } => Err(ConsumeError::Below(held.posted)),
        }
    }

    fn note(&mut self, part: &Part, claim: &Claim, before: Held, after: Held) {
        if before == after {
            return;
        }
        self.changed.insert(claim.account.clone());
        if let Move::Join(member) = &part.change {
            self.writes.members.insert((claim.account.clone(), member.clone()));
        }
    }
}

/// How much was asked of an account, for the refusal.
fn wanted(change: &Move, held: Held) -> i64 {
    match change {
        Move::Add(amount) | Move::Hold(amount) => *amount,
        Move::Raise(value) | Move::Set(value) => value.saturating_sub(held.posted),
        Move::Join(_) => 1,
        Move::Settle { held, used } => used.saturating_sub(*held),
    }
}

/// The first answer to an operation, again.
fn replayed(entries: &[LedgerEntry], reservation: Option<Reservation>) -> Outcome {
    let line = |entry: &LedgerEntry| Line {
        meter: entry.meter().clone(),
        amount: entry.amount,
        used: entry.used_after,
        limit: entry.limit,
        resets_at: entry.resets_at,
        standings: Vec::new(),
    };
    Outcome {
        lines: entries.iter().map(line).collect(),
        reservation,
        replayed: true,
    }
}

/// The decision named a claim that was not made.
fn unheard_of() -> ConsumeError {
    ConsumeError::from(StoreError::Backend("a decision names no limit".into()))
}

/// When an order was given.
const fn now(job: &Job<'_>) -> OffsetDateTime {
    job.pending.order.now
}

#[cfg(test)]
mod tests;
