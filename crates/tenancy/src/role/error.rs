//! Why something about roles was refused.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};

use crate::membership::MemberError;
use crate::role::assignment::{MAX_ASSIGNMENTS, ROLE_ASSIGNED};
use crate::role::{MAX_ROLES, ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN};

/// Why something about roles was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// This tenant has no such role.
    #[error("there is no such role")]
    NotFound,
    /// The catalog's roles are every tenant's: none changes them.
    #[error("this role is the installation's and cannot be changed")]
    System,
    /// Another role answers to the code or the title.
    #[error("another role has this name")]
    NameTaken,
    /// The tenant has as many as it may.
    #[error("a tenant can define {MAX_ROLES} roles at most")]
    TooMany,
    /// Members carry it.
    #[error("the role is held {holders} times; say with replace_with what its holders get instead")]
    InUse {
        /// How many members carry it, or have it for something.
        holders: u64,
    },
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// The member has the role for this already.
    #[error("the member has this role already")]
    Assigned,
    /// The member has as many further roles as they may.
    #[error("a member can have {MAX_ASSIGNMENTS} further roles at most")]
    TooManyAssigned,
    /// Changed since the caller looked.
    #[error("the role has changed since it was read")]
    Stale,
    /// What is refused about the member.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the role")]
    Store(#[source] StoreError),
}

impl From<StoreError> for RoleError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(ROLE_NAME_TAKEN) => Self::NameTaken,
            StoreError::Conflict(ROLE_ASSIGNED) => Self::Assigned,
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for RoleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::System
            | Self::NameTaken
            | Self::TooMany
            | Self::InUse { .. }
            | Self::Assigned
            | Self::TooManyAssigned => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Stale => ErrorKind::Stale,
            Self::Member(cause) => cause.kind(),
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::System => "system_role",
            Self::NameTaken => ROLE_NAME_TAKEN,
            Self::TooMany => "too_many_roles",
            Self::InUse { .. } => "role_in_use",
            Self::Invalid(_) => "validation_failed",
            Self::Assigned => ROLE_ASSIGNED,
            Self::TooManyAssigned => "too_many_assignments",
            Self::Stale => "precondition_failed",
            Self::Member(cause) => cause.code(),
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
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
            Self::InUse { holders } => vec![("holders", i64::try_from(*holders).unwrap_or(i64::MAX).into())],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Member(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for RoleError {
    fn is_contended(&self) -> bool {
        match self {
            // Two roles defined at once chose the same number: the loser chooses again.
            Self::Store(StoreError::Conflict(ROLE_SLOT_TAKEN)) => true,
            Self::Store(cause) => cause.is_contended(),
            Self::Member(cause) => cause.is_contended(),
            _ => false,
        }
    }
}
