//! Why a proof did not count.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, FieldError, StoreError};

use crate::factor::FactorError;
use crate::user::{BackOff, HashFailed};

/// Why a proof did not count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepUpError {
    /// The password is another one.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many wrong ones.
    #[error(transparent)]
    BackOff(#[from] BackOff),
    /// The person or the session is no more.
    #[error("there is no such session")]
    NotFound,
    /// Hashing failed.
    #[error("could not check the password")]
    Hash(#[from] HashFailed),
    /// The code or the passkey does not count.
    #[error(transparent)]
    Factor(FactorError),
    /// The store failed.
    #[error("could not store the proof")]
    Store(#[from] StoreError),
}

impl From<FactorError> for StepUpError {
    fn from(refused: FactorError) -> Self {
        match refused {
            FactorError::Store(cause) => Self::Store(cause),
            other => Self::Factor(other),
        }
    }
}

impl DomainError for StepUpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongPassword => ErrorKind::Invalid,
            Self::BackOff(_) => ErrorKind::Exhausted,
            Self::NotFound => ErrorKind::Unauthenticated,
            Self::Hash(cause) => cause.kind(),
            Self::Factor(cause) => cause.kind(),
            Self::Store(StoreError::Stale) => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongPassword => "validation_failed",
            Self::BackOff(_) => "too_many_attempts",
            Self::NotFound => "not_authenticated",
            Self::Hash(cause) => cause.code(),
            Self::Factor(cause) => cause.code(),
            Self::Store(StoreError::Stale) => "unavailable",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::WrongPassword => vec![FieldError::new("password", "wrong_password", self)],
            Self::Factor(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::BackOff(wait) => Some(wait.retry_after_s),
            Self::Hash(cause) => cause.retry_after_s(),
            Self::Factor(cause) => cause.retry_after_s(),
            Self::Store(StoreError::Stale) => Some(1),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for StepUpError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(StoreError::Stale | StoreError::Contended))
    }
}
