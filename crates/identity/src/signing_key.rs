//! The keys that sign access tokens: installation-wide, sealed at rest, shared by every node.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use time::OffsetDateTime;

/// The rule "one key per sequence number": the loser of a race to make a key reads the winner's.
pub const SIGNING_KEY_EXISTS: &str = "signing_key_exists";

/// A key as it is stored. Only the installation's cipher opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// 1 for the first key of the installation, then upwards without gap.
    pub sequence: i64,
    /// The name that tokens and the published key set carry.
    pub kid: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// Since when it is published.
    pub created_at: OffsetDateTime,
    /// From when it signs; published before, so that every verifier knows it in time.
    pub signs_from: OffsetDateTime,
}

/// The installation's signing keys. A platform table: no tenant, no person.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SigningKeyRepository: Send + Sync {
    /// All keys, by sequence.
    async fn list(&self) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds a key, durably.
    ///
    /// # Errors
    /// `Conflict(`[`SIGNING_KEY_EXISTS`]`)` when the sequence number is taken.
    async fn insert(&self, key: &SigningKey) -> Result<(), StoreError>;
}
