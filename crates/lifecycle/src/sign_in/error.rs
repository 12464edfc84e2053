//! Why somebody stays out.

use tenantry_identity::factor::FactorError;
use tenantry_identity::password::{Unfit, WeakPassword};
use tenantry_identity::token::SigningFailed;
use tenantry_identity::user::HashFailed;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, FieldError, StoreError, Value};
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
    /// The token of a pending sign-in is unknown, used, over, or for something else. All look alike.
    #[error("this sign-in is over; sign in again")]
    PendingOver,
    /// The token of a link is unknown, used, over, or for something else. All look alike.
    #[error("the link is not valid any more; ask for another one")]
    LinkRefused,
    /// The tenant wants another way in. Told to those only who came in by a right one.
    #[error("the tenant does not let people sign in this way")]
    MethodNotAllowed,
    /// The password that was chosen on the way in will not do.
    #[error("the new password is not acceptable")]
    Weak(WeakPassword),
    /// The tenant wants a second factor by now.
    #[error("the tenant wants a second factor: sign in again")]
    SecondFactorRequired,
    /// Too many wrong guesses from this address, or at this tenant.
    #[error("too many attempts")]
    TooManyAttempts {
        /// Whole seconds until the next one is looked at.
        retry_after_s: u64,
    },
    /// A second factor does not count.
    #[error(transparent)]
    Factor(FactorError),
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

impl From<FactorError> for SignInError {
    fn from(refused: FactorError) -> Self {
        match refused {
            FactorError::Store(cause) => Self::Store(cause),
            other => Self::Factor(other),
        }
    }
}

impl From<Unfit> for SignInError {
    fn from(refused: Unfit) -> Self {
        match refused {
            Unfit::Weak(rule) => Self::Weak(rule),
            Unfit::Unmeasured(cause) => Self::Hash(cause),
        }
    }
}

impl DomainError for SignInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials | Self::InvalidRefreshToken | Self::PendingOver | Self::LinkRefused => {
                ErrorKind::Unauthenticated
            }
            Self::Weak(_) => ErrorKind::Invalid,
            Self::EmailUnverified | Self::MethodNotAllowed | Self::SecondFactorRequired => ErrorKind::Denied,
            Self::TooManyAttempts { .. } => ErrorKind::Exhausted,
            Self::Factor(cause) => cause.kind(),
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
            Self::PendingOver => "mfa_token_invalid",
            Self::LinkRefused => "token_invalid",
            Self::EmailUnverified => "email_unverified",
            Self::MethodNotAllowed => "sign_in_method_not_allowed",
            Self::Weak(_) => "validation_failed",
            Self::SecondFactorRequired => "mfa_required",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Factor(cause) => cause.code(),
            Self::NoSuchTenant => "not_found",
            Self::Enter(cause) => cause.code(),
            Self::Hash(cause) => cause.code(),
            Self::Sign(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Factor(cause) => cause.fields(),
            Self::Weak(rule) => vec![rule.at("new_password")],
            _ => Vec::new(),
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
            Self::Factor(cause) => cause.retry_after_s(),
            Self::TooManyAttempts { retry_after_s } => Some(*retry_after_s),
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
