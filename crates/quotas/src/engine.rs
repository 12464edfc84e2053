//! What the counting engine needs of storage: one transaction over many tenants' accounts.
//!
//! The order within a batch is fixed: [`LedgerBatch::lock`], then [`LedgerBatch::known`], then
//! [`LedgerBatch::write`], then [`LedgerBatch::commit`]. Looking for known operations only after their accounts
//! are locked is what lets two nodes that get the same operation at once answer alike.

use std::collections::BTreeMap;

use tenantry_kernel::{StoreError, TenantId, async_trait};

use crate::account::TenantAccount;
use crate::alert::Alert;
use crate::ledger::{LedgerEntry, OperationId};

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
    /// How much was counted in all.
    pub posted: i64,
    /// The hard limit of the last operation that counted on it. The store refuses to hold more than that.
    pub within: Option<i64>,
}

/// Everything a batch changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchWrites {
    /// New entries of the ledger, each with its tenant.
    pub entries: Vec<(TenantId, LedgerEntry)>,
    /// The locked accounts that changed.
    pub accounts: BTreeMap<TenantAccount, Posting>,
    /// Thresholds reached. One that was reached before in its period is left as it was.
    pub alerts: Vec<Alert>,
}

/// One transaction of the engine. Dropping it undoes it.
#[async_trait]
pub trait LedgerBatch: Send {
    /// Locks these accounts in their order until the batch ends, makes the missing ones, and answers what they hold.
    async fn lock(&mut self, accounts: &[TenantAccount]) -> Result<BTreeMap<TenantAccount, i64>, StoreError>;

    /// The entries of those operations that were counted before, as committed by anyone.
    async fn known(&mut self, operations: &[OperationRef]) -> Result<BTreeMap<OperationRef, LedgerEntry>, StoreError>;

    /// Writes it all.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when another node counted one of the operations in the meantime.
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
