//! Why a factor did not count, or was not changed.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, FieldError, StoreError};

use super::repository::{PASSKEY_REGISTERED, TOTP_ENROLLED};
use crate::user::BackOff;

/// Why a factor did not count, or was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// The code or the passkey is not right, or was used before. Which one is not told.
    #[error("the code or the passkey is not right, or was used before")]
    Wrong,
    /// Too many wrong codes.
    #[error(transparent)]
    BackOff(#[from] BackOff),
    /// There is an authenticator app already.
    #[error("an authenticator app is enrolled already; remove it first")]
    TotpEnrolled,
    /// There is nothing to confirm.
    #[error("no enrolment was begun; begin with POST /me/mfa/totp")]
    NotBegun,
    /// The ceremony is unknown, over, or used up.
    #[error("the passkey's ceremony is over; begin again")]
    CeremonyOver,
    /// The browser's answer is not what was asked for.
    #[error("the passkey's answer is not valid")]
    CredentialInvalid,
    /// This credential is registered.
    #[error("this passkey is registered already")]
    PasskeyRegistered,
    /// There are as many passkeys as there may be.
    #[error("there are 20 passkeys, and no more may be registered; remove one first")]
    TooManyPasskeys,
    /// There is no such thing.
    #[error("there is no such factor")]
    NotFound,
    /// Fields of the request break rules.
    #[error("some fields are not acceptable")]
    Invalid(Vec<FieldError>),
    /// A stored secret cannot be opened: the master key is another one.
    #[error("the stored secret cannot be opened")]
    Sealed,
    /// The store failed.
    #[error("could not reach the factors")]
    Store(#[source] StoreError),
}

impl From<StoreError> for FactorError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(TOTP_ENROLLED) => Self::TotpEnrolled,
            StoreError::Conflict(PASSKEY_REGISTERED) => Self::PasskeyRegistered,
            other => Self::Store(other),
        }
    }
}

impl DomainError for FactorError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Wrong | Self::CeremonyOver => ErrorKind::Unauthenticated,
            Self::BackOff(_) => ErrorKind::Exhausted,
            Self::TotpEnrolled | Self::NotBegun | Self::PasskeyRegistered | Self::TooManyPasskeys => {
                ErrorKind::Conflict
            }
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) | Self::CredentialInvalid => ErrorKind::Invalid,
            Self::Sealed => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "invalid_code",
            Self::CeremonyOver => "ceremony_over",
            Self::BackOff(_) => "too_many_attempts",
            Self::TotpEnrolled => "totp_enrolled",
            Self::NotBegun => "totp_not_begun",
            Self::PasskeyRegistered => "passkey_registered",
            Self::TooManyPasskeys => "too_many_passkeys",
            Self::NotFound => "not_found",
            Self::Invalid(_) | Self::CredentialInvalid => "validation_failed",
            Self::Sealed => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::CredentialInvalid => vec![FieldError::new("credential", "credential_invalid", self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::BackOff(wait) => Some(wait.retry_after_s),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for FactorError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(StoreError::Stale | StoreError::Contended))
    }
}
