//! Why somebody stays out.

use tenantry_identity::token::SigningFailed;
use tenantry_identity::user::HashFailed;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, StoreError, Value};
use tenantry_tenancy::gate::EnterError;

/// Why somebody stays out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Address, password or tenant are wrong. Which one is not told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The refresh token is unknown, spent or over.
    #[error("the refresh token is not valid any more")]
    InvalidRefreshToken,
    /// The address must be verified first.
    #[error("the e-mail address is not verified yet: follow the link in the mail")]
    EmailUnverified,
    /// The person has no seat there.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The gate's refusal.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The password could not be checked.
    #[error("the password could not be checked")]
    Hash(#[from] HashFailed),
    /// No token could be signed.
    #[error("no token could be signed")]
    Sign(#[from] SigningFailed),
    /// The store failed.
    #[error("the sign-in could not be stored")]
    Store(#[from] StoreError),
}

impl DomainError for SignInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials | Self::InvalidRefreshToken => ErrorKind::Unauthenticated,
            Self::EmailUnverified => ErrorKind::Denied,
            Self::NoSuchTenant => ErrorKind::NotFound,
            Self::Enter(cause) => cause.kind(),
            Self::Hash(cause) => cause.kind(),
            Self::Sign(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidRefreshToken => "invalid_refresh_token",
            Self::EmailUnverified => "email_unverified",
            Self::NoSuchTenant => "not_found",
            Self::Enter(cause) => cause.code(),
            Self::Hash(cause) => cause.code(),
            Self::Sign(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Enter(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Enter(cause) => cause.retry_after_s(),
            Self::Hash(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for SignInError {
    fn is_contended(&self) -> bool {
        // Two log-ins of one person at once: the loser reads again.
        matches!(self, Self::Store(cause) if cause.is_contended() || matches!(cause, StoreError::Stale))
    }
}
