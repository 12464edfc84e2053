//! Why the plan did not change.

use tenantry_billing::change::ChangeError;
use tenantry_billing::payment::CollectError;
use tenantry_kernel::money::MoneyError;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value};

/// Why the plan did not change. The subscription is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanChangeError {
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no live subscription to change.
    #[error("there is no live subscription")]
    NoSubscription,
    /// Fields break rules.
    #[error("the request breaks a rule")]
    Invalid(Vec<FieldError>),
    /// The planner's refusal.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The payment's refusal.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// An edition that subscribers have is missing from the catalog's archive.
    #[error("the plan {0} is missing from the catalog")]
    LostPlan(String),
    /// The store failed.
    #[error("the plan change could not be stored")]
    Store(#[source] StoreError),
}

impl From<StoreError> for PlanChangeError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<MoneyError> for PlanChangeError {
    fn from(cause: MoneyError) -> Self {
        Self::Change(cause.into())
    }
}

impl DomainError for PlanChangeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(cause) => cause.kind(),
            Self::NoSubscription => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Change(cause) => cause.kind(),
            Self::Collect(cause) => cause.kind(),
            Self::LostPlan(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(cause) => cause.code(),
            Self::NoSubscription => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::Change(cause) => cause.code(),
            Self::Collect(cause) => cause.code(),
            Self::LostPlan(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Change(cause) => cause.fields(),
            Self::Collect(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Collect(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Collect(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for PlanChangeError {
    fn is_contended(&self) -> bool {
        match self {
            Self::Store(cause) => cause.is_contended() || matches!(cause, StoreError::Stale),
            Self::Collect(cause) => cause.is_contended(),
            _ => false,
        }
    }
}
