//! Why something about a member was refused.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, StoreError};

use crate::membership::{ALREADY_MEMBER, WrongState};

/// Why something about a member was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// This tenant has no such member.
    #[error("there is no such member")]
    NotFound,
    /// The catalog has no such role.
    #[error("there is no such role")]
    UnknownRole,
    /// A tenant always keeps an active owner.
    #[error("the last owner cannot go")]
    LastOwner,
    /// The user or the address is a member already.
    #[error("this person is a member already")]
    AlreadyMember,
    /// The membership is in another state.
    #[error(transparent)]
    State(#[from] WrongState),
    /// The member changed since the caller looked.
    #[error("the member changed since it was read")]
    Stale,
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the member")]
    Store(#[source] StoreError),
}

impl From<StoreError> for MemberError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(ALREADY_MEMBER) => Self::AlreadyMember,
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for MemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::UnknownRole => ErrorKind::Invalid,
            Self::State(WrongState::Expired) => ErrorKind::Gone,
            Self::LastOwner | Self::AlreadyMember | Self::State(_) => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::UnknownRole => "validation_failed",
            Self::LastOwner => "last_owner",
            Self::AlreadyMember => ALREADY_MEMBER,
            Self::State(WrongState::NotActive) => "member_not_active",
            Self::State(WrongState::NotDeactivated) => "member_not_deactivated",
            Self::State(WrongState::NotInvited) => "invitation_not_pending",
            Self::State(WrongState::Expired) => "invitation_expired",
            Self::State(WrongState::UnlockedRecently) => "unlocked_recently",
            Self::Stale => "precondition_failed",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<tenantry_kernel::FieldError> {
        match self {
            Self::UnknownRole => vec![tenantry_kernel::FieldError::new("role", "unknown_role", self)],
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

impl MaybeContended for MemberError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}
