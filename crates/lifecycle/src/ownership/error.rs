//! Why a tenant was not handed over.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::membership::{MemberError, WrongState};
use tenantry_tenancy::ownership::TRANSFER_PENDING;

/// Why a tenant was not handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// No offer waits.
    #[error("no transfer of ownership is pending")]
    NotFound,
    /// Another offer waits.
    #[error("ownership is offered to somebody already; cancel that first")]
    Pending,
    /// The receiver is an owner.
    #[error("this member is an owner already")]
    AlreadyOwner,
    /// The offer cannot be kept any more: who made it is no owner now, or the role they wanted to keep is gone.
    #[error("who offered the ownership can no longer hand it over")]
    Void,
    /// The token is none, or too old.
    #[error("the token is not valid, or has expired")]
    TokenUnknown,
    /// The offer was taken or cancelled.
    #[error("the transfer was taken or cancelled")]
    Gone,
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// What tenancy refuses.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
}

impl From<StoreError> for OwnershipError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(TRANSFER_PENDING) => Self::Pending,
            // Nobody told which version they saw: it is read again.
            StoreError::Stale => Self::Member(MemberError::Store(StoreError::Contended)),
            other => Self::Member(other.into()),
        }
    }
}

impl From<Denied> for OwnershipError {
    fn from(denied: Denied) -> Self {
        Self::Member(denied.into())
    }
}

impl From<WrongState> for OwnershipError {
    fn from(state: WrongState) -> Self {
        Self::Member(state.into())
    }
}

impl DomainError for OwnershipError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Pending | Self::AlreadyOwner | Self::Void => ErrorKind::Conflict,
            Self::TokenUnknown => ErrorKind::Unauthenticated,
            Self::Gone => ErrorKind::Gone,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Member(cause) => cause.kind(),
            Self::Enter(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Pending => TRANSFER_PENDING,
            Self::AlreadyOwner => "already_owner",
            Self::Void => "transfer_void",
            Self::TokenUnknown => "token_invalid",
            Self::Gone => "transfer_gone",
            Self::Invalid(_) => "validation_failed",
            Self::Member(cause) => cause.code(),
            Self::Enter(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Member(cause) => cause.fields(),
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
            Self::Member(cause) => cause.retry_after_s(),
            Self::Enter(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for OwnershipError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Member(cause) if cause.is_contended())
    }
}
