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
