//! The storage port of offers of ownership.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use crate::ownership::{OwnershipTransfer, OwnershipTransferId};

/// The rule "a tenant is offered to one member at a time".
pub const TRANSFER_PENDING: &str = "transfer_pending";

/// The offer of one tenant, if one waits.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OwnershipRepository: Send {
    /// The offer that waits, be it over or not. It goes with the membership of either side.
    async fn pending(&mut self) -> Result<Option<OwnershipTransfer>, StoreError>;

    /// Refused with `StoreError::Conflict(TRANSFER_PENDING)` when another one waits, also under concurrency.
    async fn offer(&mut self, transfer: &OwnershipTransfer) -> Result<(), StoreError>;

    /// Ends the offer; true for exactly one caller.
    async fn end(&mut self, id: OwnershipTransferId) -> Result<bool, StoreError>;
}
