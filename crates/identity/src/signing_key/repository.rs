//! Ports: where signing keys are kept, how they are reached, and who makes them.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, SystemScope, Transaction};

use super::model::{SigningKey, TokenAlgorithm};

/// The rule "one key per sequence number": of two that make a key at once, one wins.
pub const SIGNING_KEY_EXISTS: &str = "signing_key_exists";

/// The installation's signing keys. A platform table: no tenant, no person.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SigningKeyRepository: Send {
    /// Adds a key.
    ///
    /// # Errors
    /// `Conflict(`[`SIGNING_KEY_EXISTS`]`)` when the sequence number is taken.
    async fn insert(&mut self, key: &SigningKey) -> Result<(), StoreError>;

    /// Stores from when the key signs, and that it was revoked: one conditional update.
    ///
    /// # Errors
    /// `Stale` when it is not as `before` says any more.
    async fn update(&mut self, before: &SigningKey, after: &SigningKey) -> Result<(), StoreError>;
}

/// One transaction over the signing keys. Its events go into the platform's log.
pub trait SigningKeyUnit: Transaction {
    /// The keys.
    fn signing_keys(&mut self) -> &mut dyn SigningKeyRepository;
}

/// Reads the signing keys before anybody acts: for the ring that signs and verifies.
#[async_trait]
pub trait SigningKeyDirectory: Send + Sync {
    /// All keys, by sequence.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError>;
}

/// Opens units over the signing keys.
#[async_trait]
pub trait SigningKeyStore: SigningKeyDirectory {
    /// Begins a unit; who acts is in `scope`.
    async fn begin_signing_keys(&self, scope: &SystemScope) -> Result<Box<dyn SigningKeyUnit>, StoreError>;
}

/// A key that was just made, and is stored nowhere yet.
#[derive(Clone, Debug)]
pub struct FreshKey {
    /// Its public name, which is its thumbprint (RFC 7638).
    pub kid: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
}

/// No key could be made.
#[derive(Debug, thiserror::Error)]
#[error("no signing key could be made")]
pub struct KeyMakingFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Makes signing keys.
#[async_trait]
pub trait KeyMaker: Send + Sync {
    /// A fresh key, sealed.
    ///
    /// # Errors
    /// [`KeyMakingFailed`].
    async fn make(&self, algorithm: TokenAlgorithm) -> Result<FreshKey, KeyMakingFailed>;
}
