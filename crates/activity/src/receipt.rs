//! Receipts behind `Idempotency-Key`: one request, one effect, the same answer again.

use async_trait::async_trait;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId};

/// How long a receipt is kept, in hours.
pub const KEPT_FOR_HOURS: i64 = 24;

/// What a commit left behind for a request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// SHA-256 of the request's body: another body under the same key is refused.
    pub body_digest: [u8; 32],
    /// What the request made or changed: the resource id of the commit's first event.
    pub subject: String,
    /// The answer's status; `None` when the node died between effect and answer.
    pub status: Option<u16>,
    /// The answer's body, sealed under the key.
    pub answer: Option<Vec<u8>>,
    /// When the effect landed.
    pub created_at: OffsetDateTime,
}

/// Reads receipts, and adds answers to them. Receipts themselves are written by `Transaction::commit`.
///
/// `tenant` is `None` for public and platform routes. `principal` is `kind:id` of the caller, so that
/// one caller's key is nobody else's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// The receipt of a request that has had its effect.
    async fn find(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
    ) -> Result<Option<StoredReceipt>, StoreError>;

    /// Keeps the answer with its receipt. Does nothing when there is no receipt or it has an answer.
    async fn save_answer(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
        status: u16,
        answer: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Removes up to `limit` receipts made before `before`, and tells how many.
    async fn purge(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError>;
}
