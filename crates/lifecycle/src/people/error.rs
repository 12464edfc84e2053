//! Why something about a person was refused.

use tenantry_identity::user::HashFailed;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, TenantId, Value};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::membership::MemberError;

use crate::seats::SeatError;

/// A tenant that would be left without an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which tenant.
    pub tenant: TenantId,
    /// Its slug.
    pub slug: String,
}

/// Why something about a person was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeopleError {
    /// There is no such person, or tenant of theirs.
    #[error("there is no such person or tenant")]
    NotFound,
    /// The one-time token is unknown, spent, expired or for something else. All look alike.
    #[error("the token is not valid")]
    TokenRefused,
    /// Whoever has the session has not shown for a while who they are.
    #[error("sign in again before you do this")]
    StepUpRequired,
    /// They are the last owner of these tenants, which would be nobody's.
    #[error("the last owner cannot go: hand these tenants over first: {}", slugs(.0))]
    LastOwner(Vec<Kept>),
    /// Both accounts are one already.
    #[error("this is the same account")]
    SameAccount,
    /// The account cannot be taken in: it has a role over the installation or a second factor, or is closed.
    #[error("this account cannot be merged: it has a role over the installation or a second factor, or is closed")]
    NotMergeable,
    /// Operators do not close their own account.
    #[error("this is your own account")]
    OwnAccount,
    /// Nothing personal is left of them.
    #[error("this person was erased")]
    Erased,
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// What tenancy refuses.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The password could not be checked.
    #[error("the password could not be checked")]
    Hash(#[from] HashFailed),
    /// The store failed.
    #[error("could not read or store the person")]
    Store(#[source] StoreError),
}

fn slugs(kept: &[Kept]) -> String {
    let slugs: Vec<&str> = kept.iter().map(|kept| kept.slug.as_str()).collect();
    slugs.join(", ")
}

impl From<StoreError> for PeopleError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<SeatError> for PeopleError {
    fn from(cause: SeatError) -> Self {
        match cause {
            SeatError::Store(cause) => Self::Store(cause),
            // Seats are only given back here.
            SeatError::Full(_) => Self::Store(StoreError::Backend("a seat could not be given back".into())),
        }
    }
}

impl DomainError for PeopleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::TokenRefused => ErrorKind::Unauthenticated,
            Self::StepUpRequired => ErrorKind::Denied,
            Self::LastOwner(_) | Self::SameAccount | Self::NotMergeable | Self::OwnAccount | Self::Erased => {
                ErrorKind::Conflict
            }
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Member(cause) => cause.kind(),
            Self::Enter(cause) => cause.kind(),
            Self::Denied(cause) => cause.kind(),
            Self::Hash(cause) => cause.kind(),
            Self::Store(StoreError::Stale) => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::TokenRefused => "token_invalid",
            Self::StepUpRequired => "step_up_required",
            Self::LastOwner(_) => "last_owner",
            Self::SameAccount => "same_account",
            Self::NotMergeable => "account_not_mergeable",
            Self::OwnAccount => "own_account",
            Self::Erased => "user_erased",
            Self::Invalid(_) => "validation_failed",
            Self::Member(cause) => cause.code(),
            Self::Enter(cause) => cause.code(),
            Self::Denied(cause) => cause.code(),
            Self::Hash(cause) => cause.code(),
            Self::Store(StoreError::Stale) => "unavailable",
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
            Self::LastOwner(kept) => {
                let slugs: Vec<&str> = kept.iter().map(|kept| kept.slug.as_str()).collect();
                vec![("tenants", slugs.into())]
            }
            Self::Enter(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(StoreError::Stale) => Some(1),
            Self::Store(cause) => cause.retry_after_s(),
            Self::Enter(cause) => cause.retry_after_s(),
            Self::Hash(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for PeopleError {
    /// A row that changed meanwhile is a lost race too: nobody named a version.
    fn is_contended(&self) -> bool {
        match self {
            Self::Store(StoreError::Stale | StoreError::Contended) => true,
            Self::Member(cause) => cause.is_contended(),
            _ => false,
        }
    }
}
