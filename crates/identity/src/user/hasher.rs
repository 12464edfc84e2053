//! Port: password hashing. Slow on purpose, so it never runs inside a unit of work.

use async_trait::async_trait;
use tenantry_kernel::Secret;

use super::model::PasswordHash;

/// The hash could not be computed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What verifying found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The password is the right one.
    pub matches: bool,
    /// The hash was made with weaker parameters than today's; hash again at this log-in.
    pub needs_rehash: bool,
}

/// Hashes and verifies passwords.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes with today's parameters and a fresh salt.
    async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, HashFailed>;

    /// Verifies. Without a hash (unknown user, no password set) it takes as long and never matches.
    async fn verify(&self, password: Secret<String>, hash: Option<PasswordHash>) -> Result<Verified, HashFailed>;
}
