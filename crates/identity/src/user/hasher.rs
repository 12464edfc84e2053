//! Port: password hashing. Slow on purpose, so it never runs inside a unit of work.

use async_trait::async_trait;
use tenantry_kernel::{DomainError, ErrorKind, Secret};

use super::model::PasswordHash;

/// The hash could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum HashFailed {
    /// Too many wait for theirs already.
    #[error("too many passwords wait to be checked: try again soon")]
    Busy,
    /// It could not be computed at all.
    #[error("the password could not be hashed")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DomainError for HashFailed {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Busy => ErrorKind::Unavailable,
            Self::Broken(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Busy => "overloaded",
            Self::Broken(_) => "internal_error",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::Busy).then_some(RETRY_AFTER_S)
    }
}

/// By then a fair part of those who wait have been served.
const RETRY_AFTER_S: u64 = 5;

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

/// A hash of another system that we cannot check at log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// Of a kind that is not known.
    #[error("is no bcrypt, PBKDF2, scrypt or Argon2 hash in a form that is known")]
    Unknown,
    /// Of a known kind, and not whole.
    #[error("is not whole, or so short that many passwords would match")]
    Malformed,
    /// It would take too long, or too much memory, at every log-in.
    #[error("costs more to check than this server spends on a log-in")]
    TooDear,
}

impl UnusableHash {
    /// The name in `snake_case`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_hash",
            Self::Malformed => "malformed_hash",
            Self::TooDear => "hash_too_dear",
        }
    }
}

/// Reads hashes that people bring along from other systems.
pub trait ForeignHashes: Send + Sync {
    /// The hash as [`PasswordHasher::verify`] understands it; it asks for another one at the first log-in.
    ///
    /// # Errors
    /// [`UnusableHash`].
    fn read(&self, text: &Secret<String>) -> Result<PasswordHash, UnusableHash>;
}
