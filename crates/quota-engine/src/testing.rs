//! A ledger in memory, one batch at a time, for tests of the engine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::{OffsetDateTime, macros::datetime};
use tenantry_kernel::{StoreError, async_trait};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::counter::ConsumeRequest;
use tenantry_quotas::engine::{BatchWrites, LedgerBatch, LedgerStore, OperationRef};
use tenantry_quotas::entitlement::Entitlements;
use tenantry_quotas::ledger::{Amount, LedgerEntry, OperationId};
use tenantry_quotas::meter::{Meter, MeterKind};
use tenantry_quotas::testing::meter;
use tokio::sync::{OwnedMutexGuard, Semaphore};

pub(crate) const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);

/// An operation that no ledger can store.
pub(crate) const POISON: &str = "poison";

/// What is durable.
#[derive(Default)]
pub(crate) struct Durable {
    pub(crate) accounts: BTreeMap<TenantAccount, i64>,
    pub(crate) entries: BTreeMap<OperationRef, LedgerEntry>,
    pub(crate) alerts: BTreeMap<(TenantAccount, u8), i64>,
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
    /// The next batch panics.
    pub(crate) panics: AtomicBool,
    failing_commit: Arc<Mutex<Option<StoreError>>>,
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
            panics: AtomicBool::new(false),
            failing_commit: Arc::default(),
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
}

struct MemoryBatch {
    durable: OwnedMutexGuard<Durable>,
    writes: BatchWrites,
    contended: bool,
    failing: Arc<Mutex<Option<StoreError>>>,
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    async fn begin_batch(&self) -> Result<Box<dyn LedgerBatch>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        assert!(!self.panics.swap(false, Ordering::SeqCst), "as the test wishes");
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk is full".into()));
        }
        self.batches.fetch_add(1, Ordering::SeqCst);
        let lose = |left: usize| left.checked_sub(1);
        let contended = self
            .contended
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose)
            .is_ok();
        Ok(Box::new(MemoryBatch {
            durable: self.durable().await,
            writes: BatchWrites::default(),
            contended,
            failing: Arc::clone(&self.failing_commit),
        }))
    }
}

#[async_trait]
impl LedgerBatch for MemoryBatch {
    async fn lock(&mut self, accounts: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, i64>, StoreError> {
        assert!(accounts.is_sorted(), "accounts are locked in order");
        let held = |account: &TenantAccount| self.durable.accounts.get(account).copied().unwrap_or(0);
        Ok(accounts
            .iter()
            .map(|account| (account.clone(), held(account)))
            .collect())
    }

    async fn known(&mut self, operations: &[OperationRef]) -> Result<BTreeMap<OperationRef, LedgerEntry>, StoreError> {
        let find = |wanted: &OperationRef| Some((wanted.clone(), self.durable.entries.get(wanted)?.clone()));
        Ok(operations.iter().filter_map(find).collect())
    }

    async fn write(&mut self, writes: &BatchWrites) -> Result<(), StoreError> {
        if self.contended {
            return Err(StoreError::Contended);
        }
        if writes
            .entries
            .iter()
            .any(|(_, entry)| entry.operation.as_str() == POISON)
        {
            return Err(StoreError::Backend("this cannot be stored".into()));
        }
        self.writes = writes.clone();
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        if let Some(failure) = self.failing.lock().unwrap().take() {
            return Err(failure);
        }
        let writes = std::mem::take(&mut self.writes);
        for (tenant, entry) in writes.entries {
            let reference = OperationRef {
                tenant,
                operation: entry.operation.clone(),
            };
            let twice = self.durable.entries.insert(reference, entry);
            assert!(twice.is_none(), "an operation counts once");
        }
        for (account, posting) in writes.accounts {
            assert!(
                posting.within.is_none_or(|limit| posting.posted <= limit),
                "{posting:?}"
            );
            self.durable.accounts.insert(account, posting.posted);
        }
        for alert in writes.alerts {
            let key = (alert.account, alert.threshold_percent);
            self.durable.alerts.entry(key).or_insert(alert.used);
        }
        Ok(())
    }
}

pub(crate) fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

pub(crate) fn ids() -> Arc<SequentialIds> {
    Arc::default()
}

pub(crate) fn request(name: &str, amount: i64, entitlements: &Arc<Entitlements>) -> ConsumeRequest {
    ConsumeRequest {
        operation: OperationId::try_from(name.to_owned()).unwrap(),
        digest: [1; 32],
        meter: messages(),
        amount: Amount::try_from(amount).unwrap(),
        description: None,
        subject: None,
        live: true,
        at: NOW,
        entitlements: Arc::clone(entitlements),
    }
}
