//! Why service account use cases refuse.

use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, Permission, StoreError, Value};

use crate::service_account::MAX_SECRETS;
use crate::service_account::repository::SERVICE_ACCOUNTS_FULL;

/// Why a service account could not be made, shown or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceAccountError {
    /// The tenant has no such account, or the account no such secret.
    #[error("there is no such service account")]
    NotFound,
    /// The request breaks rules.
    #[error("the service account cannot be made like this")]
    Invalid(Vec<FieldError>),
    /// The account would hold, or let the caller hold, a permission that the caller lacks.
    #[error("a service account cannot be given {0} by someone who lacks it")]
    Lacking(Permission),
    /// The tenant has as many accounts as it may.
    #[error("a tenant can have {0} service accounts; remove one that is not needed any more")]
    Full(u32),
    /// The account has as many secrets as it may.
    #[error("a service account can have {MAX_SECRETS} secrets at once; end one, or give an overlap")]
    TooManySecrets,
    /// The account changed since the caller looked.
    #[error("the service account changed since it was read")]
    Stale,
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not store the service account")]
    Store(#[source] StoreError),
}

impl From<StoreError> for ServiceAccountError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for ServiceAccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Lacking(_) => ErrorKind::Denied,
            Self::Full(_) | Self::TooManySecrets => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::Lacking(_) => "permission_denied",
            Self::Full(_) => SERVICE_ACCOUNTS_FULL,
            Self::TooManySecrets => "too_many_client_secrets",
            Self::Stale => "precondition_failed",
            Self::Denied(denied) => denied.code(),
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
            Self::Lacking(permission) => vec![("permission", permission.as_str().into())],
            Self::Full(limit) => vec![("limit", i64::from(*limit).into())],
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
