//! Why password use cases refuse.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, FieldError, StoreError};

use super::policy::WeakPassword;
use crate::user::{BackOff, EMAIL_TAKEN, HashFailed};

/// Why a password or an address was not changed or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The one-time token is unknown, spent, expired or for something else. All look alike.
    #[error("the token is not valid")]
    TokenRefused,
    /// The new password is not acceptable.
    #[error("the new password is not acceptable")]
    Weak {
        /// The input's field.
        field: &'static str,
        /// The rule.
        rule: WeakPassword,
    },
    /// The current password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// Too many wrong passwords.
    #[error(transparent)]
    BackOff(#[from] BackOff),
    /// The address was proved by somebody else meanwhile. Only who reads mail there is told.
    #[error("the address belongs to another account")]
    Taken,
    /// The person is no more.
    #[error("there is no such user")]
    NotFound,
    /// Hashing failed.
    #[error("could not hash the password")]
    Hash(#[source] HashFailed),
    /// The store failed.
    #[error("could not store the change")]
    Store(#[source] StoreError),
}

impl From<StoreError> for PasswordError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(EMAIL_TAKEN) => Self::Taken,
            other => Self::Store(other),
        }
    }
}

impl From<HashFailed> for PasswordError {
    fn from(cause: HashFailed) -> Self {
        Self::Hash(cause)
    }
}

impl DomainError for PasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TokenRefused => ErrorKind::Unauthenticated,
            Self::Weak { .. } | Self::WrongPassword => ErrorKind::Invalid,
            Self::BackOff(_) => ErrorKind::Exhausted,
            Self::Taken => ErrorKind::Conflict,
            Self::NotFound => ErrorKind::NotFound,
            Self::Hash(cause) => cause.kind(),
            Self::Store(StoreError::Stale) => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TokenRefused => "token_invalid",
            Self::Weak { .. } | Self::WrongPassword => "validation_failed",
            Self::BackOff(_) => "too_many_attempts",
            Self::Taken => EMAIL_TAKEN,
            Self::NotFound => "not_found",
            Self::Hash(cause) => cause.code(),
            Self::Store(StoreError::Stale) => "unavailable",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Weak { field, rule } => vec![rule.at(field)],
            Self::WrongPassword => vec![FieldError::new("current_password", "wrong_password", self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::BackOff(wait) => Some(wait.retry_after_s),
            Self::Hash(cause) => cause.retry_after_s(),
            Self::Store(StoreError::Stale) => Some(1),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for PasswordError {
    /// A user row that changed meanwhile is a lost race too: nobody named a version.
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(StoreError::Stale | StoreError::Contended))
    }
}
