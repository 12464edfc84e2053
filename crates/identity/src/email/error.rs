//! Why something about an address was refused.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, StoreError};

use crate::user::EMAIL_TAKEN;

/// Why something about an address was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// The person has no such address, or is no more.
    #[error("there is no such address")]
    NotFound,
    /// The one-time token is unknown, spent, expired or for something else. All look alike.
    #[error("the token is not valid")]
    TokenRefused,
    /// Whoever follows the link is not signed in to the account that the address was added to.
    #[error("sign in to the account that the address was added to, and follow the link again")]
    NotYours,
    /// Whoever has the session has not shown for a while who they are.
    #[error("sign in again before you do this")]
    StepUpRequired,
    /// There are as many as one may have.
    #[error("no more than {} addresses", super::MAX_EMAILS)]
    TooMany,
    /// It was not proved yet.
    #[error("verify the address first")]
    Unverified,
    /// It is the primary one.
    #[error("the primary address cannot be removed; make another one primary first")]
    Primary,
    /// It was the primary one until a short while ago.
    #[error("an address that was the primary one stays for three days, so that the change can be undone")]
    RecentlyPrimary,
    /// Nothing would be left to sign in with.
    #[error("the last verified address cannot be removed")]
    LastVerified,
    /// Somebody else proved that it is theirs. Only who reads mail there is told.
    #[error("the address belongs to another account")]
    Taken,
    /// The store failed.
    #[error("could not store the address")]
    Store(#[source] StoreError),
}

impl From<StoreError> for EmailError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(EMAIL_TAKEN) => Self::Taken,
            other => Self::Store(other),
        }
    }
}

impl DomainError for EmailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::TokenRefused => ErrorKind::Unauthenticated,
            Self::NotYours | Self::StepUpRequired => ErrorKind::Denied,
            Self::TooMany
            | Self::Unverified
            | Self::Primary
            | Self::RecentlyPrimary
            | Self::LastVerified
            | Self::Taken => ErrorKind::Conflict,
            Self::Store(StoreError::Stale) => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::TokenRefused => "token_invalid",
            Self::NotYours => "email_not_yours",
            Self::StepUpRequired => "step_up_required",
            Self::TooMany => "too_many_emails",
            Self::Unverified => "email_not_verified",
            Self::Primary => "email_primary",
            Self::RecentlyPrimary => "email_recently_primary",
            Self::LastVerified => "last_verified_email",
            Self::Taken => EMAIL_TAKEN,
            Self::Store(StoreError::Stale) => "unavailable",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(StoreError::Stale) => Some(1),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for EmailError {
    /// A row that changed meanwhile is a lost race too: nobody named a version.
    fn is_contended(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Stale | StoreError::Contended | StoreError::Conflict(super::EMAIL_EXISTS))
        )
    }
}
