//! Why a sign-up was refused.

use tenantry_billing::change::ChangeError;
use tenantry_billing::payment::CollectError;
use tenantry_identity::token::SigningFailed;
use tenantry_identity::user::{EMAIL_TAKEN, HashFailed};
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};
use tenantry_tenancy::tenant::SLUG_TAKEN;

use crate::seats::SeatError;

/// Why there is no new tenant. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignUpError {
    /// The installation does not let people sign up by themselves.
    #[error("sign-up is closed here: ask the operator for an account")]
    Closed,
    /// The slug belongs to another tenant.
    #[error("the slug {slug} is taken")]
    SlugTaken {
        /// The slug asked for.
        slug: String,
        /// Others that look free.
        suggestions: Vec<String>,
    },
    /// Too many sign-ups from this network or by this person.
    #[error("too many sign-ups: try again later")]
    TooMany {
        /// When one more would pass, in seconds.
        retry_after_s: u64,
    },
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// Not an operator's right.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The plan allows no user at all.
    #[error("the plan has no seat for an owner")]
    NoSeat,
    /// The subscription cannot start on these terms.
    #[error(transparent)]
    Start(#[from] ChangeError),
    /// The first invoice cannot be issued.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The password could not be hashed.
    #[error("the password could not be stored")]
    Hash(#[from] HashFailed),
    /// No token could be signed. The tenant exists.
    #[error("no token could be signed")]
    Sign(#[from] SigningFailed),
    /// The store failed.
    #[error("the sign-up could not be stored")]
    Store(#[from] StoreError),
}

impl DomainError for SignUpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Closed => ErrorKind::Denied,
            Self::SlugTaken { .. } => ErrorKind::Conflict,
            Self::TooMany { .. } => ErrorKind::Exhausted,
            Self::Invalid(_) | Self::NoSeat => ErrorKind::Invalid,
            Self::Start(cause) => cause.kind(),
            Self::Collect(cause) => cause.kind(),
            Self::Denied(denied) => denied.kind(),
            Self::Hash(cause) => cause.kind(),
            Self::Sign(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Closed => "sign_up_closed",
            Self::SlugTaken { .. } => SLUG_TAKEN,
            Self::TooMany { .. } => "rate_limited",
            Self::Invalid(_) | Self::NoSeat => "validation_failed",
            Self::Start(cause) => cause.code(),
            Self::Collect(cause) => cause.code(),
            Self::Denied(denied) => denied.code(),
            Self::Hash(cause) => cause.code(),
            Self::Sign(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Start(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::SlugTaken { suggestions, .. } => vec![("suggestions", suggestions.clone().into())],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after_s } => Some(*retry_after_s),
            Self::Collect(cause) => cause.retry_after_s(),
            Self::Hash(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl From<SeatError> for SignUpError {
    fn from(cause: SeatError) -> Self {
        match cause {
            SeatError::Full(_) => Self::NoSeat,
            SeatError::Store(cause) => cause.into(),
        }
    }
}

impl MaybeContended for SignUpError {
    fn is_contended(&self) -> bool {
        match self {
            // Two sign-ups with one new address: the loser finds a person that exists by now.
            Self::Store(cause) => cause.is_contended() || matches!(cause, StoreError::Conflict(EMAIL_TAKEN)),
            Self::Collect(cause) => cause.is_contended(),
            _ => false,
        }
    }
}
