//! Why signing keys stay as they are.

use tenantry_kernel::{Denied, DomainError, ErrorKind, StoreError, Value};
use time::OffsetDateTime;

use crate::signing_key::repository::{KeyMakingFailed, SIGNING_KEY_EXISTS};

/// Why a signing key could not be listed, made or revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// There is no such key.
    #[error("there is no such signing key")]
    NotFound,
    /// A key waits for its turn already.
    #[error("the next signing key is published already, and signs from {0}")]
    Pending(OffsetDateTime),
    /// Somebody else made a key at the same moment.
    #[error("another signing key was made at the same moment")]
    LostRace,
    /// No key could be made.
    #[error(transparent)]
    Making(#[from] KeyMakingFailed),
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not reach the signing keys")]
    Store(#[source] StoreError),
}

impl From<StoreError> for SigningKeyError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(SIGNING_KEY_EXISTS) => Self::LostRace,
            other => Self::Store(other),
        }
    }
}

impl DomainError for SigningKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Pending(_) | Self::LostRace => ErrorKind::Conflict,
            Self::Making(_) => ErrorKind::Internal,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Pending(_) | Self::LostRace => "signing_key_pending",
            Self::Making(_) => "internal_error",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Pending(signs_from) => vec![("signs_from", (*signs_from).into())],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}
