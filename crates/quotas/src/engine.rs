//! What the counting engine needs of storage: one transaction over many tenants' accounts.
//!
//! The order within a batch is fixed: [`LedgerBatch::lock`] before anything that others change is read (what an
//! operation counted and what a reservation is for never changes: it tells which accounts to lock), [`LedgerBatch::write`]
//! after everything was, then [`LedgerBatch::commit`]. Looking for known operations only after their accounts are
//! locked is what lets two nodes that get the same operation at once answer alike. Whoever takes operations for new
//! without looking learns from [`LedgerBatch::write`] that one is not.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use time::OffsetDateTime;

use crate::account::{Held, TenantAccount};
use crate::alert::Alert;
use crate::ledger::{LedgerEntry, OperationId};
use crate::limit::Limit;
use crate::reservation::{Hold, Member, Reservation, ReservationRef};

/// Names one operation in the installation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub operation: OperationId,
}

/// What an account holds after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What it holds.
    pub held: Held,
    /// What the store refuses to let it pass, counted and reserved together; `None` where nothing bounds it.
    pub within: Option<i64>,
}

/// A locked account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// What it holds.
    pub held: Held,
    /// True when this batch made it.
    pub opened: bool,
}

/// One line of the rolled-up usage: a meter, a quarter of an hour, who used it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// Whose.
    pub tenant: TenantId,
    /// The meter.
    pub meter: Code,
    /// False for test keys.
    pub live: bool,
    /// The first moment of the quarter of an hour. Every time zone's days begin with one.
    pub bucket: OffsetDateTime,
    /// Who within the tenant used it: the name that sub-limits know; empty for nobody.
    pub user: String,
    /// The id of the API key that reported it; empty for none.
    pub key: String,
}

/// What a line of the rolled-up usage adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// What was counted, with its sign.
    pub amount: i64,
    /// In how many operations.
    pub operations: i64,
}

/// Everything a batch changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchWrites {
    /// New entries of the ledger, each with its tenant.
    pub entries: Vec<(TenantId, LedgerEntry)>,
    /// The locked accounts that changed.
    pub accounts: BTreeMap<TenantAccount, Posting>,
    /// Members counted for the first time.
    pub members: BTreeSet<Member>,
    /// Thresholds reached. One that was reached before in its period is left as it was.
    pub alerts: Vec<Alert>,
    /// New reservations, each with its tenant and what it holds.
    pub reservations: Vec<(TenantId, Reservation)>,
    /// Reservations that ended: their new status, `ended_at` and `used`.
    pub ended: Vec<(TenantId, Reservation)>,
    /// What is held no more.
    pub freed: BTreeSet<Hold>,
    /// What is added to the rolled-up usage.
    pub rollups: BTreeMap<RollupKey, Rollup>,
}

impl BatchWrites {
    /// True when there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One transaction of the engine. Dropping it undoes it.
#[async_trait]
pub trait LedgerBatch: Send {
    /// Locks the accounts of these limits, in the order of their names, until the batch ends, and answers what
    /// they hold. Each account is named once.
    ///
    /// An account that nobody used yet is made, and one that was last used under another revision of the tenant's
    /// entitlements is reckoned anew: its `posted` is what the ledger holds for its meter, subject and period,
    /// whatever limits there were at that time. So an account always holds what its ledger adds up to, and a plan
    /// change in the middle of a period carries what was used.
    async fn lock(&mut self, limits: &[Limit]) -> Result<BTreeMap<TenantAccount, Locked>, StoreError>;

    /// What these accounts held, without locking them: periods that are over, to roll over from. One that was
    /// never used is left out.
    async fn held(&mut self, accounts: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, Held>, StoreError>;

    /// The entries of those operations that were counted before, as committed by anyone, by line.
    async fn known(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Vec<LedgerEntry>>, StoreError>;

    /// Those reservations that were made by these operations.
    async fn reserved(
        &mut self,
        operations: &[OperationRef],
    ) -> Result<BTreeMap<OperationRef, Reservation>, StoreError>;

    /// Those of these reservations that exist.
    async fn reservations(
        &mut self,
        wanted: &[ReservationRef],
    ) -> Result<BTreeMap<ReservationRef, Reservation>, StoreError>;

    /// What these reservations hold, and what any reservation whose time was up before `now` holds on these accounts.
    async fn holds(
        &mut self,
        reservations: &[ReservationRef],
        accounts: &[TenantAccount],
        now: OffsetDateTime,
    ) -> Result<BTreeSet<Hold>, StoreError>;

    /// Those of these members that were counted before.
    async fn members(&mut self, wanted: &BTreeSet<Member>) -> Result<BTreeSet<Member>, StoreError>;

    /// Writes it all.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when one of the operations was counted before: by another node in the meantime, or
    /// earlier, where nobody looked.
    async fn write(&mut self, writes: &BatchWrites) -> Result<(), StoreError>;

    /// Makes the batch durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Opens batches.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Begins a batch. It reaches quota tables of all tenants, and nothing else.
    async fn begin_batch(&self) -> Result<Box<dyn LedgerBatch>, StoreError>;
}

/// Looks at accounts without locking or making any.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccountReader: Send + Sync {
    /// What the accounts of these limits hold now, in their order.
    ///
    /// For one that nobody used yet, or that was last used under another revision of the entitlements, it is what
    /// [`LedgerBatch::lock`] would make of it, with what the period before leaves over granted on top.
    async fn standing(&self, limits: &[Limit]) -> Result<Vec<Held>, StoreError>;
}

/// The quarter of an hour that a moment falls into.
#[must_use]
pub fn bucket_of(at: OffsetDateTime) -> OffsetDateTime {
    let seconds = at.unix_timestamp();
    OffsetDateTime::from_unix_timestamp(seconds - seconds.rem_euclid(900)).unwrap_or(at)
}
