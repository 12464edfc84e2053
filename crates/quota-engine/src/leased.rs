//! Counting out of slices.
//!
//! A slice is counted durably before anything is taken from it, so a limit is never passed; when a node is killed,
//! what was left of its slices stays counted. Slices grow with the rate of use and shrink towards the limit, down to
//! what is asked for, so that all of a limit can be used. Whatever a node knows that it will not use, it gives back.

mod rest;
mod slot;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::join_all;
use tenantry_kernel::{ApiKeyId, Code, IdSource, TenantId, TenantScope, async_trait};
use tenantry_quotas::account::{Subject, TenantAccount};
use tenantry_quotas::counter::{Act, ConsumeError, Item, Line, Order, Outcome, UsageCounter};
use tenantry_quotas::directory::{EntitlementSource, reach_of};
use tenantry_quotas::entitlement::Share;
use tenantry_quotas::leased::{Leased, LeasedCounter};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::{Limit, Reach, User};
use tokio::sync::{OwnedMutexGuard, oneshot};

use rest::{Rest, Slice};
use slot::Slot;

/// The largest slice, and the largest amount that is taken from one.
const MAX_SLICE: i64 = 256;
/// Slots on this node; whoever finds no place counts strictly.
const MAX_SLOTS: usize = 16_384;
/// A slot that was not used for as long is given up.
const IDLE_MS: u64 = 60_000;
/// Rests that are given back at once.
const RESTS_AT_ONCE: usize = 256;
/// How often giving back is tried before a node stops.
const ATTEMPTS: usize = 5;
/// How long a caller is told to stay away when this node counts no more.
const RETRY_AFTER_S: u64 = 1;
/// What the ledger says about a slice.
const DESCRIPTION: &str = "counted in advance";

/// Milliseconds since some start, never going back.
type Ticks = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Counts out of slices that a [`UsageCounter`] counted.
///
/// Remembers one slot per tenant, meter and key, and per user where users have limits of their own.
pub struct LeasedRequests {
    node: Arc<Node>,
}

struct Node {
    counter: Arc<dyn UsageCounter>,
    entitlements: Arc<dyn EntitlementSource>,
    ids: Arc<dyn IdSource>,
    ticks: Ticks,
    slots: papaya::HashMap<SlotKey, Arc<Slot>>,
    /// What is left of slices and was not given back yet.
    rests: Mutex<Vec<Arc<Rest>>>,
    stopped: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SlotKey {
    tenant: TenantId,
    meter: Code,
    live: bool,
    user: Option<Arc<str>>,
    key: Option<ApiKeyId>,
}

impl LeasedRequests {
    /// Counts through `counter`. `entitlements` say under which limits rests are given back.
    #[must_use]
    pub fn new(
        counter: Arc<dyn UsageCounter>,
        entitlements: Arc<dyn EntitlementSource>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        let start = Instant::now();
        let ticks = Arc::new(move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
        Self::with_ticks(counter, entitlements, ids, ticks)
    }

    fn with_ticks(
        counter: Arc<dyn UsageCounter>,
        entitlements: Arc<dyn EntitlementSource>,
        ids: Arc<dyn IdSource>,
        ticks: Ticks,
    ) -> Self {
        let node = Node {
            counter,
            entitlements,
            ids,
            ticks,
            slots: papaya::HashMap::new(),
            rests: Mutex::default(),
            stopped: AtomicBool::new(false),
        };
        Self { node: Arc::new(node) }
    }

    /// Gives back what was not used for a minute, and what could not be given back before. To be called now and then.
    pub async fn sweep(&self) {
        let slots: Vec<(SlotKey, Arc<Slot>)> = self.node.slots();
        for (key, slot) in slots {
            // Whoever fetches a slice uses it.
            if let Ok(_turn) = slot.turn.try_lock() {
                self.node.close(&key, &slot, IDLE_MS);
            }
        }
        self.node.give_back_rests().await;
    }
}

#[async_trait]
impl LeasedCounter for LeasedRequests {
    async fn count(&self, scope: &TenantScope, mut leased: Leased) -> Result<Line, ConsumeError> {
        let node = &self.node;
        leased.amount = leased.amount.max(1);
        loop {
            if node.stopped.load(Ordering::SeqCst) {
                return Err(busy());
            }
            let slot = match node.slot(scope.tenant_id(), &leased) {
                Some(slot) if leased.amount <= MAX_SLICE => slot,
                _ => return node.count_strictly(scope, leased).await,
            };
            let wanted = Wanted::of(&slot, &leased);
            let now_ms = (node.ticks)();
            if let Some(line) = slot.take(&leased.meter.code, &wanted.limits, leased.amount, now_ms) {
                return Ok(line);
            }

            let turn = Arc::clone(&slot.turn).lock_owned().await;
            if node.stopped.load(Ordering::SeqCst) || slot.is_closed() {
                continue;
            }
            let now_ms = (node.ticks)();
            if let Some(line) = slot.take(&leased.meter.code, &wanted.limits, leased.amount, now_ms) {
                return Ok(line);
            }
            if let Some(refusal) = slot.refusal(&wanted.limits, leased.amount, now_ms) {
                return Err(refusal);
            }
            return Arc::clone(node).fetch(scope, slot, turn, leased, wanted).await;
        }
    }

    fn unused(&self, account: &TenantAccount) -> i64 {
        let slots = self.node.slots.pin();
        let of_meter = slots
            .iter()
            .filter(|(key, _)| key.meter == account.key.meter && key.live == account.key.live);
        let held: i64 = of_meter.map(|(_, slot)| slot.unused(account)).sum();
        let returning: i64 = self.node.rests().iter().map(|rest| rest.unused(account)).sum();
        held.saturating_add(returning)
    }

    async fn give_back(&self) {
        self.node.stopped.store(true, Ordering::SeqCst);
        for (key, slot) in self.node.slots() {
            let _turn = slot.turn.lock().await;
            self.node.close(&key, &slot, 0);
        }
        for _ in 0..ATTEMPTS {
            self.node.give_back_rests().await;
            if self.node.rests().is_empty() {
                return;
            }
        }
        let left: i64 = self.node.rests().iter().map(|rest| rest.left()).sum();
        tracing::warn!(left, "what this node counted in advance and did not use stays counted");
    }
}

/// What is asked of a slot: when, and under which limits.
struct Wanted {
    item: Item,
    limits: Vec<Limit>,
}

impl Wanted {
    fn of(slot: &Slot, leased: &Leased) -> Self {
        let at = slot.moment(leased.at);
        let item = Item {
            meter: leased.meter.clone(),
            value: leased.amount,
            member: None,
            user: user_of(leased),
            subject: None,
            description: Some(DESCRIPTION.to_owned()),
            at,
        };
        Self {
            limits: item.limits(&leased.reach, leased.live),
            item,
        }
    }
}

impl Node {
    fn rests(&self) -> MutexGuard<'_, Vec<Arc<Rest>>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> Vec<(SlotKey, Arc<Slot>)> {
        let slots = self.slots.pin();
        slots
            .iter()
            .map(|(key, slot)| (key.clone(), Arc::clone(slot)))
            .collect()
    }

    /// The slot to count out of; `None` when this node has too many.
    fn slot(&self, tenant: TenantId, leased: &Leased) -> Option<Arc<Slot>> {
        let user = user_of(leased);
        let key = SlotKey {
            tenant,
            meter: leased.meter.code.clone(),
            live: leased.live,
            user: user.name,
            key: user.key,
        };
        let slots = self.slots.pin();
        if let Some(slot) = slots.get(&key) {
            return Some(Arc::clone(slot));
        }
        (slots.len() < MAX_SLOTS).then(|| Arc::clone(slots.get_or_insert_with(key, Arc::default)))
    }

    async fn count_strictly(&self, scope: &TenantScope, leased: Leased) -> Result<Line, ConsumeError> {
        let item = Item {
            meter: leased.meter,
            value: leased.amount,
            member: None,
            user: leased.user,
            subject: None,
            description: None,
            at: leased.at,
        };
        let order = Order {
            operation: OperationId::from(self.ids.next()),
            digest: [0; 32],
            act: Act::Consume(vec![item]),
            live: leased.live,
            reach: leased.reach,
            now: leased.at,
        };
        let mut outcome = self.counter.submit(scope, order).await?;
        outcome.lines.pop().ok_or_else(busy)
    }

    /// Counts a slice and takes what is wanted from it. A slice that was counted is put in even when its caller went
    /// away meanwhile.
    async fn fetch(
        self: Arc<Self>,
        scope: &TenantScope,
        slot: Arc<Slot>,
        turn: OwnedMutexGuard<()>,
        leased: Leased,
        wanted: Wanted,
    ) -> Result<Line, ConsumeError> {
        let (answer, answered) = oneshot::channel();
        let scope = scope.without_receipt();
        tokio::spawn(async move {
            let other = self.fetch_into(&scope, &slot, leased, wanted, answer).await;
            drop(turn);
            if let Some(other) = other {
                self.rests().push(Arc::new(Rest::of(other, self.ids.as_ref())));
                self.give_back_rests().await;
            }
        });
        answered.await.unwrap_or_else(|_| Err(busy()))
    }

    /// Answers what was left of a slice of another period.
    async fn fetch_into(
        &self,
        scope: &TenantScope,
        slot: &Slot,
        leased: Leased,
        wanted: Wanted,
        answer: oneshot::Sender<Result<Line, ConsumeError>>,
    ) -> Option<Slice> {
        let Wanted { item, limits } = wanted;
        let mut size = slot.next_size(&limits, leased.amount, (self.ticks)());
        loop {
            let slice = Item {
                value: size,
                ..item.clone()
            };
            let order = Order {
                operation: OperationId::internal("lease", &self.ids.next().to_string()),
                digest: [0; 32],
                act: Act::Lease(slice),
                live: leased.live,
                reach: leased.reach.clone(),
                now: leased.at,
            };
            match self.counter.submit(scope, order).await {
                Ok(outcome) => {
                    let slice = Slice {
                        accounts: limits.iter().map(|limit| limit.account.clone()).collect(),
                        scope: scope.clone(),
                        reach: leased.reach,
                        item,
                        live: leased.live,
                        now: leased.at,
                        left: 0,
                    };
                    return self.put(slot, slice, &limits, &outcome, size, leased.amount, answer);
                }
                // Others used what was left.
                Err(ConsumeError::Exceeded(_)) if size > leased.amount => size = leased.amount,
                Err(cause) => {
                    if let ConsumeError::Exceeded(refused) = &cause {
                        slot.saw(&limits, leased.amount, refused, (self.ticks)());
                    }
                    drop(answer.send(Err(cause)));
                    return None;
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, to keep the loop above short")]
    fn put(
        &self,
        slot: &Slot,
        slice: Slice,
        limits: &[Limit],
        outcome: &Outcome,
        size: i64,
        amount: i64,
        answer: oneshot::Sender<Result<Line, ConsumeError>>,
    ) -> Option<Slice> {
        slot.put(slice, limits, outcome, size, (self.ticks)(), |line| {
            if answer.is_closed() {
                return 0;
            }
            let taken = answer.send(Ok(line(amount)));
            // It went away at the last moment: what it would have used is left.
            if taken.is_err() { amount } else { 0 }
        })
    }

    /// Gives a slot up, when it was not used for as long. The caller holds its turn.
    fn close(&self, key: &SlotKey, slot: &Slot, idle_ms: u64) {
        let Some(rest) = slot.close(idle_ms, (self.ticks)()) else {
            return;
        };
        // Nobody can have put another one in its place while it was there.
        self.slots.pin().remove(key);
        if let Some(slice) = rest {
            self.rests().push(Arc::new(Rest::of(slice, self.ids.as_ref())));
        }
    }

    /// Tries to give back all rests; those that fail stay.
    async fn give_back_rests(&self) {
        let rests = self.rests().clone();
        for some in rests.chunks(RESTS_AT_ONCE) {
            let settled = join_all(some.iter().map(|rest| self.give_back_rest(rest))).await;
            let settled: Vec<&OperationId> = some
                .iter()
                .zip(settled)
                .filter(|(_, settled)| *settled)
                .map(|(rest, _)| rest.operation())
                .collect();
            self.rests().retain(|rest| !settled.contains(&rest.operation()));
        }
    }

    /// False when it must be tried again.
    async fn give_back_rest(&self, rest: &Rest) -> bool {
        let today: Option<Reach> = reach_of(self.entitlements.as_ref(), rest.scope().tenant_id())
            .await
            .ok()
            .flatten();
        match self.counter.submit(rest.scope(), rest.order(today)).await {
            Ok(_) => true,
            Err(cause @ (ConsumeError::Busy { .. } | ConsumeError::Store(_))) => {
                tracing::warn!(error = %cause, left = rest.left(), "what is left of a slice is given back later");
                false
            }
            Err(cause) => {
                tracing::warn!(error = %cause, left = rest.left(), "what is left of a slice stays counted");
                true
            }
        }
    }
}

/// Who uses it, as far as slots tell users apart: keys always, users where they have limits of their own.
fn user_of(leased: &Leased) -> User {
    let entitlements = &leased.reach.entitlements;
    let meter = &leased.meter.code;
    let shared = |user: &Arc<str>| {
        let each = |share: Share| share == Share::User;
        let by_plan = entitlements
            .allowances
            .iter()
            .any(|allowance| allowance.meter == *meter && each(allowance.share));
        let by_override = entitlements
            .overrides
            .iter()
            .any(|change| change.meter == *meter && matches!(&change.subject, Subject::User(name) if name == user));
        by_plan || by_override
    };
    User {
        name: leased.user.name.clone().filter(shared),
        key: leased.user.key,
    }
}

const fn busy() -> ConsumeError {
    ConsumeError::Busy {
        retry_after_s: RETRY_AFTER_S,
    }
}

#[cfg(test)]
mod tests;
