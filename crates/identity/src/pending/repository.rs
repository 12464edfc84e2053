//! Port: where pending sign-ins are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use time::OffsetDateTime;

use super::model::{PendingSignIn, PendingSignInId};
use crate::fingerprint::Fingerprint;

/// Pending sign-ins of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PendingSignInRepository: Send {
    /// Adds one; those that are over at `now` are removed on the way.
    async fn insert(&mut self, pending: &PendingSignIn, now: OffsetDateTime) -> Result<(), StoreError>;

    /// The one with this fingerprint, good or not.
    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<PendingSignIn>, StoreError>;

    /// Marks it as used, if nobody has: one conditional update, true for exactly one caller.
    async fn use_once(&mut self, id: PendingSignInId, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// Counts a wrong factor that was shown with it.
    async fn count_failure(&mut self, id: PendingSignInId) -> Result<(), StoreError>;

    /// Removes all: what they rest on is not worth anything any more. Tells how many.
    async fn remove_all(&mut self) -> Result<u64, StoreError>;
}
