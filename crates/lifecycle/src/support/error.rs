//! Why support stays outside.

use tenantry_identity::token::SigningFailed;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, StoreError, Value, retry};
use tenantry_tenancy::gate::EnterError;

/// Why a visit or a consent did not begin, or did not end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SupportError {
    /// There is no such visit or consent that goes on.
    #[error("there is no such visit or consent that goes on")]
    NotFound,
    /// The request breaks rules.
    #[error("support access cannot be had like this")]
    Invalid(Vec<FieldError>),
    /// The tenant's policy asks for its consent, and there is none.
    #[error("the tenant has not agreed to support access")]
    NoConsent,
    /// Only a person acts on behalf of another.
    #[error("a signed-in person is needed")]
    NotAPerson,
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The gate's refusal.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// There is no usable key.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The store failed.
    #[error("support access could not be stored")]
    Store(#[from] StoreError),
}

impl DomainError for SupportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::NoConsent | Self::NotAPerson => ErrorKind::Denied,
            Self::Denied(denied) => denied.kind(),
            Self::Enter(cause) => cause.kind(),
            Self::Signing(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::NoConsent => "support_access_not_agreed",
            Self::NotAPerson => "permission_denied",
            Self::Denied(denied) => denied.code(),
            Self::Enter(cause) => cause.code(),
            Self::Signing(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
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
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl retry::MaybeContended for SupportError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}
