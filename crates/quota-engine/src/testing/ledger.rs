//! What a database would keep, and the promises of its port.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use tenantry_quotas::account::{Held, Subject, TenantAccount};
use tenantry_quotas::engine::{BatchWrites, LedgerBatch, LedgerStore, Locked, OperationRef, Rollup, RollupKey};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::Aggregation;
use tenantry_quotas::reservation::{Hold, Member, Reservation, ReservationRef};
use tokio::sync::{OwnedMutexGuard, Semaphore};

use super::POISON;

/// An account as stored.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) held: Held,
    pub(crate) limit: Limit,
}

/// What is durable.
#[derive(Clone, Default)]
pub(crate) struct Durable {
    pub(crate) accounts: BTreeMap<TenantAccount, Row>,
    pub(crate) entries: Vec<(TenantId, LedgerEntry)>,
    pub(crate) names: BTreeMap<OperationRef, Vec<usize>>,
    pub(crate) members: BTreeSet<Member>,
    pub(crate) alerts: BTreeMap<(TenantAccount, u8), i64>,
    pub(crate) reservations: BTreeMap<ReservationRef, Reservation>,
    pub(crate) holds: BTreeSet<Hold>,
    pub(crate) rollups: BTreeMap<RollupKey, Rollup>,
}

impl Durable {
    /// What all accounts hold together.
    pub(crate) fn posted(&self) -> i64 {
        self.accounts.values().map(|row| row.held.posted).sum()
    }

    pub(crate) fn held(&self, account: &TenantAccount) -> Held {
        self.accounts.get(account).map(|row| row.held).unwrap_or_default()
    }

    pub(crate) fn operations(&self) -> Vec<&str> {
        self.entries.iter().map(|(_, entry)| entry.operation.as_str()).collect()
    }

    /// What an account holds by the ledger.
    pub(crate) fn by_ledger(&self, limit: &Limit) -> i64 {
        let entries: Vec<&LedgerEntry> = self
            .entries
            .iter()
            .filter(|(tenant, entry)| counts_on(*tenant, entry, limit))
            .map(|(_, entry)| entry)
            .collect();
        match limit.aggregation {
            Aggregation::Sum | Aggregation::Count => entries.iter().map(|entry| entry.amount).sum(),
            Aggregation::Max => entries.iter().map(|entry| entry.value).max().unwrap_or(0),
            Aggregation::Last => entries.last().map_or(0, |entry| entry.value),
            Aggregation::Unique => {
                let members: BTreeSet<_> = entries.iter().filter_map(|entry| entry.member.as_ref()).collect();
                i64::try_from(members.len()).unwrap()
            }
        }
    }

    /// What an account holds by the holds.
    pub(crate) fn by_holds(&self, account: &TenantAccount) -> i64 {
        let on_it = self.holds.iter().filter(|hold| hold.account == *account);
        on_it.map(|hold| hold.amount).sum()
    }

    /// Every account holds what ledger and holds add up to, under the entitlements that it was last used under.
    pub(crate) fn check(&self) {
        for (account, row) in &self.accounts {
            assert_eq!(row.held.posted, self.by_ledger(&row.limit), "{account:?}");
            assert_eq!(row.held.pending, self.by_holds(account), "{account:?}");
        }
        let rolled: i64 = self.rollups.values().map(|rollup| rollup.amount).sum();
        assert_eq!(rolled, self.entries.iter().map(|(_, entry)| entry.amount).sum::<i64>());
    }

    fn members_by_ledger(&self, limit: &Limit) -> BTreeSet<Member> {
        let of_it = self
            .entries
            .iter()
            .filter(|(tenant, entry)| counts_on(*tenant, entry, limit));
        of_it
            .filter_map(|(_, entry)| Some((limit.account.clone(), entry.member.as_deref()?.into())))
            .collect()
    }

    fn apply(&mut self, writes: BatchWrites) {
        for (tenant, entry) in writes.entries {
            let operation = entry.operation.clone();
            let of_name = self.names.entry(OperationRef { tenant, operation }).or_default();
            of_name.push(self.entries.len());
            self.entries.push((tenant, entry));
        }
        for (account, posting) in writes.accounts {
            assert!(
                posting.within.is_none_or(|within| posting.held.taken() <= within),
                "{account:?} {posting:?}"
            );
            self.accounts.get_mut(&account).expect("locked before").held = posting.held;
        }
        self.members.extend(writes.members);
        for alert in writes.alerts {
            let key = (alert.account, alert.threshold_percent);
            self.alerts.entry(key).or_insert(alert.used);
        }
        for (tenant, made) in writes.reservations {
            let reservation = ReservationRef { tenant, id: made.id };
            for (number, item) in made.items.iter().enumerate() {
                self.holds.extend(item.accounts.iter().map(|account| Hold {
                    reservation,
                    item: number,
                    account: account.clone(),
                    amount: item.amount,
                    expires_at: made.expires_at,
                }));
            }
            self.reservations.insert(reservation, made);
        }
        for (tenant, ended) in writes.ended {
            self.reservations.insert(ReservationRef { tenant, id: ended.id }, ended);
        }
        for hold in writes.freed {
            assert!(self.holds.remove(&hold), "held {hold:?}");
        }
        for (key, added) in writes.rollups {
            let line = self.rollups.entry(key).or_default();
            line.amount += added.amount;
            line.operations += added.operations;
        }
    }
}

fn counts_on(tenant: TenantId, entry: &LedgerEntry, limit: &Limit) -> bool {
    let key = &limit.account.key;
    let in_time = entry.at >= key.period_start && limit.resets_at.is_none_or(|end| entry.at < end);
    let own = tenant == limit.account.tenant
        && match &key.subject {
            Subject::Tenant => true,
            Subject::User(name) => entry.user.as_deref() == Some(name),
            Subject::Key(id) => entry.actor_kind == "api_key" && entry.actor_id == id.to_string(),
        };
    let pooled =
        tenant != limit.account.tenant && entry.pool == Some(limit.account.tenant) && key.subject == Subject::Tenant;
    in_time && entry.account.meter == key.meter && entry.account.live == key.live && (own || pooled)
}

/// A ledger whose commits can be held back and made to fail.
pub(crate) struct MemoryLedger {
    durable: Arc<tokio::sync::Mutex<Durable>>,
    /// One permit per batch; plenty unless a test takes them.
    pub(crate) gate: Arc<Semaphore>,
    /// Batches that were asked for, those that are held back too.
    pub(crate) asked: AtomicUsize,
    /// Batches that began.
    pub(crate) batches: AtomicUsize,
    contended: AtomicUsize,
    pub(crate) broken: AtomicBool,
    /// The next batches panic.
    pub(crate) panics: AtomicUsize,
    failing_commit: Arc<Mutex<Option<StoreError>>>,
    /// The calls of the last batch.
    pub(crate) said: Arc<Mutex<Vec<&'static str>>>,
}

impl MemoryLedger {
    pub(crate) fn open() -> Arc<Self> {
        Self::with_permits(Semaphore::MAX_PERMITS)
    }

    /// No batch begins until the test adds permits.
    pub(crate) fn held_back() -> Arc<Self> {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            durable: Arc::default(),
            gate: Arc::new(Semaphore::new(permits)),
            asked: AtomicUsize::new(0),
            batches: AtomicUsize::new(0),
            contended: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            panics: AtomicUsize::new(0),
            failing_commit: Arc::default(),
            said: Arc::default(),
        })
    }

    pub(crate) async fn durable(&self) -> OwnedMutexGuard<Durable> {
        Arc::clone(&self.durable).lock_owned().await
    }

    /// The next `times` batches lose a race.
    pub(crate) fn contend(&self, times: usize) {
        self.contended.store(times, Ordering::SeqCst);
    }

    /// The next commit fails like this.
    pub(crate) fn fail_commit(&self, with: StoreError) {
        *self.failing_commit.lock().unwrap() = Some(with);
    }

    pub(crate) fn said(&self) -> Vec<&'static str> {
        self.said.lock().unwrap().clone()
    }
}

fn one_less(left: &AtomicUsize) -> bool {
    let fewer = |left: usize| left.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok()
}

struct MemoryBatch {
    durable: OwnedMutexGuard<Durable>,
    opened: BTreeMap<TenantAccount, Row>,
    joined: BTreeSet<Member>,
    locked: BTreeSet<TenantAccount>,
    writes: BatchWrites,
    contended: bool,
    failing: Arc<Mutex<Option<StoreError>>>,
    said: Arc<Mutex<Vec<&'static str>>>,
}

impl MemoryBatch {
    fn say(&self, what: &'static str) {
        self.said.lock().unwrap().push(what);
    }
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    async fn begin_batch(&self) -> Result<Box<dyn LedgerBatch>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        assert!(!one_less(&self.panics), "as the test wishes");
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk is full".into()));
        }
        self.batches.fetch_add(1, Ordering::SeqCst);
        self.said.lock().unwrap().clear();
        Ok(Box::new(MemoryBatch {
            durable: self.durable().await,
            opened: BTreeMap::new(),
            joined: BTreeSet::new(),
            locked: BTreeSet::new(),
            writes: BatchWrites::default(),
            contended: one_less(&self.contended),
            failing: Arc::clone(&self.failing_commit),
            said: Arc::clone(&self.said),
        }))
    }
}

#[async_trait]
impl LedgerBatch for MemoryBatch {
    async fn lock(&mut self, limits: &[Limit]) -> Result<BTreeMap<TenantAccount, Locked>, StoreError> {
        self.say("lock");
        assert!(self.locked.is_empty(), "accounts are locked once");
        assert!(limits.is_sorted_by(|a, b| a.account < b.account), "in order, each once");
        let mut locked = BTreeMap::new();
        for limit in limits {
            let known = self.durable.accounts.get(&limit.account);
            let mut held = known.map(|row| row.held).unwrap_or_default();
            if known.is_none_or(|row| row.limit.revision != limit.revision) {
                held.posted = self.durable.by_ledger(limit);
                self.joined.extend(self.durable.members_by_ledger(limit));
                let limit = limit.clone();
                self.opened.insert(limit.account.clone(), Row { held, limit });
            }
            let opened = known.is_none();
            locked.insert(limit.account.clone(), Locked { held, opened });
            self.locked.insert(limit.account.clone());
        }
        Ok(locked)
    }

    async fn held(&mut self, accounts: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, Held>, StoreError> {
        self.say("held");
        let find = |wanted: &TenantAccount| Some((wanted.clone(), self.durable.accounts.get(wanted)?.held));
        Ok(accounts.iter().filter_map(find).collect())
    }

    async fn known(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Vec<LedgerEntry>>, StoreError> {
        self.say("known");
        let entries = |of_name: &Vec<usize>| of_name.iter().map(|i| self.durable.entries[*i].1.clone()).collect();
        let find = |wanted: &OperationRef| Some((wanted.clone(), entries(self.durable.names.get(wanted)?)));
        Ok(operations.iter().filter_map(find).collect())
    }

    async fn reserved(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Reservation>, StoreError> {
        self.say("reserved");
        let made = self.durable.reservations.iter().map(|(reference, made)| {
            let operation = made.operation.clone();
            let tenant = reference.tenant;
            (OperationRef { tenant, operation }, made.clone())
        });
        Ok(made.filter(|(name, _)| operations.contains(name)).collect())
    }

    async fn reservations(
        &mut self,
        wanted: &[ReservationRef],
    ) -> Result<BTreeMap<ReservationRef, Reservation>, StoreError> {
        self.say("reservations");
        let find = |wanted: &ReservationRef| Some((*wanted, self.durable.reservations.get(wanted)?.clone()));
        Ok(wanted.iter().filter_map(find).collect())
    }

    async fn holds(
        &mut self,
        reservations: &[ReservationRef],
        accounts: &[TenantAccount],
        now: OffsetDateTime,
    ) -> Result<BTreeSet<Hold>, StoreError> {
        self.say("holds");
        let wanted = |hold: &&Hold| {
            let overdue = hold.expires_at <= now && accounts.contains(&hold.account);
            overdue || reservations.contains(&hold.reservation)
        };
        Ok(self.durable.holds.iter().filter(wanted).cloned().collect())
    }

    async fn members(&mut self, wanted: &BTreeSet<Member>) -> Result<BTreeSet<Member>, StoreError> {
        self.say("members");
        let known = |member: &&Member| self.durable.members.contains(*member) || self.joined.contains(*member);
        Ok(wanted.iter().filter(known).cloned().collect())
    }

    async fn write(&mut self, writes: &BatchWrites) -> Result<(), StoreError> {
        self.say("write");
        if self.contended {
            return Err(StoreError::Contended);
        }
        let poisonous = |entry: &LedgerEntry| entry.operation.as_str() == POISON;
        if writes.entries.iter().any(|(_, entry)| poisonous(entry)) {
            return Err(StoreError::Backend("this cannot be stored".into()));
        }
        let mut lines = BTreeSet::new();
        for (tenant, entry) in &writes.entries {
            let (tenant, operation) = (*tenant, entry.operation.clone());
            let name = OperationRef { tenant, operation };
            if self.durable.names.contains_key(&name) {
                return Err(StoreError::Contended);
            }
            assert!(lines.insert((name, entry.line)), "each line once");
        }
        for account in writes.accounts.keys() {
            assert!(self.locked.contains(account), "{account:?} was locked");
        }
        self.writes = writes.clone();
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.say("commit");
        if let Some(failure) = self.failing.lock().unwrap().take() {
            return Err(failure);
        }
        let opened = std::mem::take(&mut self.opened);
        self.durable.accounts.extend(opened);
        let joined = std::mem::take(&mut self.joined);
        self.durable.members.extend(joined);
        let writes = std::mem::take(&mut self.writes);
        self.durable.apply(writes);
        Ok(())
    }
}
