//! Port: where one-time tokens are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use tenantry_kernel::id::UserId;
use time::OffsetDateTime;

use super::model::{OneTimeToken, OneTimeTokenId, Purpose};
use crate::fingerprint::Fingerprint;

/// One-time tokens of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OneTimeTokenRepository: Send {
    /// Adds a token.
    async fn insert(&mut self, token: &OneTimeToken) -> Result<(), StoreError>;

    /// Adds tokens of people whom the unit has been opened to add something for, in a bounded number of statements.
    async fn insert_many(&mut self, tokens: &[OneTimeToken]) -> Result<(), StoreError>;

    /// The token with this fingerprint, good or not.
    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<OneTimeToken>, StoreError>;

    /// Marks the token as used, if nobody has: one conditional update, true for exactly one caller.
    async fn use_once(&mut self, id: OneTimeTokenId, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// Spends every unused token of the user for the purpose; tells how many.
    async fn revoke(&mut self, user: UserId, purpose: Purpose, at: OffsetDateTime) -> Result<u64, StoreError>;
}
