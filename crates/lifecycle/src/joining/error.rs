//! Why somebody could not join, or be let in.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::joining::JOIN_REQUESTED;
use tenantry_tenancy::membership::MemberError;

use crate::members::MembersError;
use crate::seats::SeatError;

/// Why somebody could not join, or be let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// There is no such tenant, the person has no claim to it, or there is no such request.
    #[error("there is no such tenant or request")]
    NotFound,
    /// The tenant declined a short while ago.
    #[error("the tenant declined; ask again later")]
    Declined {
        /// From when on they may ask again.
        until: OffsetDateTime,
    },
    /// The address of the request is not the person's any more.
    #[error("the person has the address of the request no longer")]
    Void,
    /// What members are refused.
    #[error(transparent)]
    Members(#[from] MembersError),
}

impl From<StoreError> for JoinError {
    fn from(cause: StoreError) -> Self {
        Self::Members(cause.into())
    }
}

impl From<MemberError> for JoinError {
    fn from(cause: MemberError) -> Self {
        Self::Members(cause.into())
    }
}

impl From<EnterError> for JoinError {
    fn from(cause: EnterError) -> Self {
        Self::Members(cause.into())
    }
}

impl From<SeatError> for JoinError {
    fn from(cause: SeatError) -> Self {
        Self::Members(cause.into())
    }
}

impl From<Denied> for JoinError {
    fn from(cause: Denied) -> Self {
        Self::Members(cause.into())
    }
}

impl DomainError for JoinError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Declined { .. } | Self::Void => ErrorKind::Conflict,
            Self::Members(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Declined { .. } => "join_request_declined",
            Self::Void => "join_request_void",
            Self::Members(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Members(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Declined { until } => vec![("until", (*until).into())],
            Self::Members(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Members(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for JoinError {
    fn is_contended(&self) -> bool {
        match self {
            // Two requests of one person: the loser finds the other one.
            Self::Members(MembersError::Member(MemberError::Store(StoreError::Conflict(JOIN_REQUESTED)))) => true,
            Self::Members(cause) => cause.is_contended(),
            _ => false,
        }
    }
}
