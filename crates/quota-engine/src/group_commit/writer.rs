//! The one task that writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;
use tenantry_kernel::{IdSource, StoreError, TenantId};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::counter::{Act, ConsumeError, Item};
use tenantry_quotas::engine::{BatchWrites, LedgerBatch, LedgerStore, OperationRef};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::{Aggregation, MeterBook};
use tenantry_quotas::reservation::{Member, ReservationRef};
use tokio::sync::oneshot;

use super::queue::{Queue, Waits};
use crate::plan::job::{Job, Pending};
use crate::plan::{Answer, Facts, plan};

/// How often a batch is tried when another node is in the way.
const ATTEMPTS: u8 = 5;

/// For how many batches names are looked up again after one of them was no new name.
const WARY_BATCHES: u32 = 64;

/// An operation and who waits for it.
pub(super) struct Waiting {
    pub(super) pending: Pending,
    pub(super) answer: oneshot::Sender<Answer>,
}

impl Waits for Waiting {
    fn lines(&self) -> usize {
        match &self.pending.order.act {
            Act::Consume(items) | Act::Reserve { items, .. } => items.len(),
            _ => 1,
        }
    }

    fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    fn must_follow(&self, taken: &[Self]) -> bool {
        let may_build = self.pending.settles().is_some() || matches!(self.pending.order.act, Act::GiveBack(_));
        may_build && taken.iter().any(|one| self.pending.builds_on(&one.pending))
    }
}

pub(super) struct Writer {
    pub(super) store: Arc<dyn LedgerStore>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) meters: Arc<MeterBook>,
    pub(super) queue: Arc<Queue<Waiting>>,
    pub(super) wary: Wary,
}

/// Whether the names of operations are looked up before they are counted.
///
/// Nearly all are new, and the ledger refuses a name that is not: then nothing has happened, and the batch is counted
/// once more by what is known. So a batch is trusted while nobody repeats anything, which saves one of its two reads.
#[derive(Default)]
pub(super) struct Wary(AtomicU32);

impl Wary {
    /// True when the next batch may be trusted.
    fn trusts(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }

    fn wake(&self) {
        self.0.store(WARY_BATCHES, Ordering::Relaxed);
    }
}

/// What is believed of the names of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// All are new, until the ledger says otherwise.
    Trusted,
    /// They were looked up.
    Known,
}

/// Why a batch was not stored.
struct Failure {
    cause: StoreError,
    /// True when one operation may be at fault: then it must not fail those of the others.
    one_at_fault: bool,
}

impl Writer {
    pub(super) async fn run(self) {
        // However this ends, nobody waits for ever.
        let _last = Abandon(&self.queue);
        while let Some(batch) = self.queue.next().await {
            let answered = batch.len();
            self.count(batch).await;
            self.queue.gather(answered).await;
        }
    }

    /// Counts a batch. When the database refuses what was written, its halves are counted apart, until the operation
    /// at fault stands alone. Operations that had landed all the same are told apart by their names.
    async fn count(&self, mut batch: Vec<Waiting>) {
        let counted = {
            let pending: Vec<&Pending> = batch.iter().map(|one| &one.pending).collect();
            self.count_stubbornly(&pending).await
        };
        match counted {
            Ok(answers) => {
                for (one, answer) in batch.into_iter().zip(answers) {
                    // A caller that went away meanwhile gets the same answer when it asks again.
                    drop(one.answer.send(answer));
                }
            }
            Err(failure) if batch.len() > 1 && failure.one_at_fault => {
                tracing::warn!(error = %failure.cause, operations = batch.len(), "a batch of usage is counted in halves");
                let rest = batch.split_off(batch.len() / 2);
                Box::pin(self.count(batch)).await;
                Box::pin(self.count(rest)).await;
            }
            Err(Failure { cause, .. }) => {
                tracing::error!(error = %cause, operations = batch.len(), "a batch of usage could not be stored");
                let cause = Arc::new(cause);
                for one in batch {
                    drop(one.answer.send(Err(ConsumeError::Store(Arc::clone(&cause)))));
                }
            }
        }
    }

    async fn count_stubbornly(&self, pending: &[&Pending]) -> Result<Vec<Answer>, Failure> {
        let counting = tenantry_kernel::retry::contended(ATTEMPTS, || self.count_once(pending));
        match AssertUnwindSafe(counting).catch_unwind().await {
            Ok(Ok(answers)) => Ok(answers),
            Ok(Err(cause)) => Err(Failure {
                one_at_fault: may_be_one_operations_fault(&cause),
                cause,
            }),
            // The transaction was dropped; the next one is a new one.
            Err(_) => Err(Failure {
                cause: StoreError::Unavailable("the usage writer panicked at this operation".into()),
                one_at_fault: true,
            }),
        }
    }

    async fn count_once(&self, pending: &[&Pending]) -> Result<Vec<Answer>, StoreError> {
        let plain = |one: &&Pending| matches!(one.order.act, Act::Consume(_));
        if pending.iter().all(plain) && self.wary.trusts() {
            match self.attempt(pending, Names::Trusted).await {
                Ok(Some(answers)) => return Ok(answers),
                Ok(None) | Err(StoreError::Contended) => self.wary.wake(),
                Err(cause) => return Err(cause),
            }
        }
        let answers = self.attempt(pending, Names::Known).await?;
        answers.ok_or(StoreError::Contended)
    }

    /// Counts a batch in one transaction. `None`, and nothing has happened, when names were trusted and one of them
    /// may have been counted before: what is refused now, or has no entry of its own, may have an answer already.
    async fn attempt(&self, pending: &[&Pending], names: Names) -> Result<Option<Vec<Answer>>, StoreError> {
        let mut unit = self.store.begin_batch().await?;
        let jobs = self.jobs(unit.as_mut(), pending).await?;
        let facts = read(unit.as_mut(), &jobs, names).await?;
        let (writes, answers) = plan(&jobs, facts, self.ids.as_ref());
        if names == Names::Trusted && !all_new(pending, &writes) {
            return Ok(None);
        }
        if !writes.is_empty() {
            unit.write(&writes).await?;
            unit.commit().await?;
        }
        Ok(Some(answers))
    }

    /// Which accounts each operation needs. What was reserved or counted never changes, so it may be read before the
    /// accounts are locked.
    async fn jobs<'p>(&self, unit: &mut dyn LedgerBatch, pending: &[&'p Pending]) -> Result<Vec<Job<'p>>, StoreError> {
        let wanted: BTreeSet<ReservationRef> = pending.iter().filter_map(|one| one.settles()).collect();
        let given: BTreeSet<OperationRef> = pending.iter().filter_map(|one| one.takes_back()).collect();
        let reservations = if wanted.is_empty() {
            BTreeMap::new()
        } else {
            unit.reservations(&wanted.into_iter().collect::<Vec<_>>()).await?
        };
        let entries = if given.is_empty() {
            BTreeMap::new()
        } else {
            unit.known(&given.into_iter().collect::<Vec<_>>()).await?
        };
        let job = |one: &&'p Pending| {
            if let Some(reservation) = one.settles() {
                Job::settling(one, reservations.get(&reservation), &self.meters)
            } else if let Some(given) = one.takes_back() {
                Job::taking_back(one, entries.get(&given).map(Vec::as_slice), &self.meters)
            } else {
                Job::plain(one)
            }
        };
        Ok(pending.iter().map(job).collect())
    }
}

/// Locks the accounts and reads all that the operations need; nothing that they do not.
async fn read(unit: &mut dyn LedgerBatch, jobs: &[Job<'_>], names: Names) -> Result<Facts, StoreError> {
    let mut facts = Facts {
        limits: latest(jobs),
        ..Facts::default()
    };
    lock(unit, &mut facts).await?;

    let mut operations: Vec<&OperationRef> = jobs
        .iter()
        .filter(|job| names == Names::Known && !matches!(job.pending.order.act, Act::Release { .. }))
        .map(|job| &job.pending.reference)
        .collect();
    operations.sort_unstable();
    operations.dedup();
    if !operations.is_empty() {
        let operations: Vec<OperationRef> = operations.into_iter().cloned().collect();
        facts.known = unit.known(&operations).await?;
    }

    let reserving: BTreeSet<&OperationRef> = jobs
        .iter()
        .filter(|job| matches!(job.pending.order.act, Act::Reserve { .. }))
        .map(|job| &job.pending.reference)
        .collect();
    if !reserving.is_empty() {
        let reserving: Vec<OperationRef> = reserving.into_iter().cloned().collect();
        facts.reserved = unit.reserved(&reserving).await?;
    }

    let settled: BTreeSet<ReservationRef> = jobs.iter().filter_map(|job| job.pending.settles()).collect();
    let settled: Vec<ReservationRef> = settled.into_iter().collect();
    if !settled.is_empty() {
        facts.reservations = unit.reservations(&settled).await?;
    }
    let accounts = facts.states.accounts.iter();
    let holding: Vec<TenantAccount> = accounts
        .filter(|(_, held)| held.pending > 0)
        .map(|(account, _)| account.clone())
        .collect();
    if let Some(now) = jobs.iter().map(|job| job.pending.order.now).max()
        && !(settled.is_empty() && holding.is_empty())
    {
        facts.holds = unit.holds(&settled, &holding, now).await?;
    }

    let members: BTreeSet<Member> = jobs.iter().flat_map(members).collect();
    if !members.is_empty() {
        facts.states.members = unit.members(&members).await?;
    }
    Ok(facts)
}

/// True when every operation is about to be entered: the ledger will say if one of them was before.
fn all_new(pending: &[&Pending], writes: &BatchWrites) -> bool {
    let entered: HashSet<(TenantId, &OperationId)> = writes
        .entries
        .iter()
        .map(|(tenant, entry)| (*tenant, &entry.operation))
        .collect();
    pending
        .iter()
        .all(|one| entered.contains(&(one.tenant(), &one.reference.operation)))
}

/// The limits of all accounts, each once: of several revisions the latest.
fn latest(jobs: &[Job<'_>]) -> BTreeMap<TenantAccount, Limit> {
    let mut limits: BTreeMap<&TenantAccount, &Limit> = BTreeMap::new();
    for limit in jobs.iter().flat_map(Job::all_limits) {
        let known = limits.entry(&limit.account).or_insert(limit);
        if known.revision < limit.revision {
            *known = limit;
        }
    }
    limits
        .into_iter()
        .map(|(account, limit)| (account.clone(), limit.clone()))
        .collect()
}

/// Locks the accounts. A new period begins with what the one before left over.
async fn lock(unit: &mut dyn LedgerBatch, facts: &mut Facts) -> Result<(), StoreError> {
    let limits: Vec<Limit> = facts.limits.values().cloned().collect();
    if limits.is_empty() {
        return Ok(());
    }
    let mut locked = unit.lock(&limits).await?;
    let begins = |limit: &&Limit| locked.get(&limit.account).is_some_and(|account| account.opened);
    let before: Vec<(&Limit, TenantAccount)> = limits
        .iter()
        .filter(begins)
        .filter_map(|limit| Some((limit, limit.rolls_over_from.clone()?)))
        .collect();
    if !before.is_empty() {
        let earlier: BTreeSet<TenantAccount> = before.iter().map(|(_, earlier)| earlier.clone()).collect();
        let held = unit.held(&earlier.into_iter().collect::<Vec<_>>()).await?;
        for (limit, earlier) in before {
            let left = limit
                .allowance
                .rolled_over(held.get(&earlier).copied().unwrap_or_default());
            let Some(account) = locked.get_mut(&limit.account).filter(|_| left > 0) else {
                continue;
            };
            account.held.granted = left;
            facts.begun.insert(limit.account.clone());
        }
    }
    facts.states.accounts = locked
        .into_iter()
        .map(|(account, locked)| (account, locked.held))
        .collect();
    Ok(())
}

/// Whom an operation counts on accounts of different members.
fn members(job: &Job<'_>) -> Vec<Member> {
    let items: &[Item] = match &job.pending.order.act {
        Act::Consume(items) => items,
        Act::Lease(item) | Act::Correct { item, .. } => std::slice::from_ref(item),
        _ => &[],
    };
    let of_item = |(item, limits): (&Item, &Vec<Limit>)| {
        let member = item
            .member
            .clone()
            .filter(|_| item.meter.aggregation == Aggregation::Unique);
        let on = |member: std::sync::Arc<str>| {
            let accounts = limits.iter().map(|limit| limit.account.clone());
            accounts
                .map(|account| (account, Arc::clone(&member)))
                .collect::<Vec<_>>()
        };
        member.map(on).unwrap_or_default()
    };
    items.iter().zip(job.limits.iter()).flat_map(of_item).collect()
}

/// True when the database refused what was written, rather than to write: then one tenant's operation must not fail
/// those of the others.
const fn may_be_one_operations_fault(cause: &StoreError) -> bool {
    match cause {
        StoreError::Backend(_) | StoreError::Corrupt { .. } | StoreError::Conflict(_) => true,
        StoreError::Stale | StoreError::Contended | StoreError::Unavailable(_) => false,
    }
}

/// Lets go of everybody who waits when the writer ends.
struct Abandon<'q>(&'q Queue<Waiting>);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
