//! Why something about members and their seats was refused.

use tenantry_identity::user::{EMAIL_TAKEN, HashFailed};
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};
use tenantry_quotas::usage::exceeded::QuotaExceeded;
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::membership::{MemberError, WrongState};

use crate::seats::SeatError;

/// Why nothing happened to the members.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MembersError {
    /// The plan has no seat left.
    #[error(transparent)]
    NoSeat(#[from] QuotaExceeded),
    /// What tenancy refuses.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// The token is no invitation, or too old.
    #[error("the invitation is not valid, or has expired")]
    InvitationUnknown,
    /// The invitation was used or revoked.
    #[error("the invitation was used or revoked")]
    InvitationGone,
    /// The invitation is for somebody else than who is signed in.
    #[error("the invitation is for another address than yours; sign out, or sign in with that one")]
    InvitationNotYours,
    /// Who is signed in never proved that they read mail at the address.
    #[error("confirm your address first, or accept without being signed in")]
    AddressNotVerified,
    /// The role that was promised does not exist any more.
    #[error("the role of the invitation does not exist any more; ask for another invitation")]
    InvitationRoleGone,
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The password could not be hashed.
    #[error("the password could not be stored")]
    Hash(#[from] HashFailed),
}

impl From<StoreError> for MembersError {
    fn from(cause: StoreError) -> Self {
        Self::Member(cause.into())
    }
}

impl From<Denied> for MembersError {
    fn from(denied: Denied) -> Self {
        Self::Member(denied.into())
    }
}

impl From<WrongState> for MembersError {
    fn from(state: WrongState) -> Self {
        Self::Member(state.into())
    }
}

impl From<SeatError> for MembersError {
    fn from(cause: SeatError) -> Self {
        match cause {
            SeatError::Full(exceeded) => Self::NoSeat(exceeded),
            SeatError::Store(cause) => cause.into(),
        }
    }
}

impl DomainError for MembersError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSeat(cause) => cause.kind(),
            Self::Member(cause) => cause.kind(),
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::InvitationUnknown => ErrorKind::Unauthenticated,
            Self::InvitationGone => ErrorKind::Gone,
            Self::InvitationNotYours | Self::AddressNotVerified => ErrorKind::Denied,
            Self::InvitationRoleGone => ErrorKind::Conflict,
            Self::Enter(cause) => cause.kind(),
            Self::Hash(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSeat(cause) => cause.code(),
            Self::Member(cause) => cause.code(),
            Self::Invalid(_) => "validation_failed",
            Self::InvitationUnknown => "invitation_invalid",
            Self::InvitationGone => "invitation_gone",
            Self::InvitationNotYours => "invitation_not_yours",
            Self::AddressNotVerified => "email_unverified",
            Self::InvitationRoleGone => "invitation_role_gone",
            Self::Enter(cause) => cause.code(),
            Self::Hash(cause) => cause.code(),
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
            Self::NoSeat(cause) => cause.details(),
            Self::Enter(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::NoSeat(cause) => cause.retry_after_s(),
            Self::Member(cause) => cause.retry_after_s(),
            Self::Enter(cause) => cause.retry_after_s(),
            Self::Hash(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for MembersError {
    fn is_contended(&self) -> bool {
        match self {
            // Two invitations of one new address: the loser finds a person that exists by now.
            Self::Member(MemberError::Store(StoreError::Conflict(EMAIL_TAKEN))) => true,
            Self::Member(cause) => cause.is_contended(),
            _ => false,
        }
    }
}

/// Somebody else wrote the same row first, and nobody told which version they saw: it is read again.
pub(crate) fn overtaken(cause: StoreError) -> MembersError {
    match cause {
        StoreError::Stale => StoreError::Contended.into(),
        other => other.into(),
    }
}
