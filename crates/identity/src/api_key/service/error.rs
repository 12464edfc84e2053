//! Why API key use cases refuse.

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, Permission, StoreError, Value};

use crate::api_key::repository::API_KEYS_FULL;

/// Why an API key could not be made, shown, rotated or revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The tenant has no such key.
    #[error("there is no such API key")]
    NotFound,
    /// The request breaks rules.
    #[error("the API key cannot be made like this")]
    Invalid(Vec<FieldError>),
    /// The key would hold a permission that its maker lacks.
    #[error("a key cannot be given {0} by someone who lacks it")]
    Lacking(Permission),
    /// The tenant has as many live keys as it may.
    #[error("a tenant can have {0} API keys; revoke one that is not needed any more")]
    Full(u32),
    /// A test key tried to make or rotate a live key.
    #[error("a test key has no say over live keys")]
    TestKeyActs,
    /// The key has expired; a new secret would be worth nothing.
    #[error("the API key has expired")]
    Expired,
    /// The key changed since the caller looked.
    #[error("the API key changed since it was read")]
    Stale,
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not store the API key")]
    Store(#[source] StoreError),
}

impl From<StoreError> for ApiKeyError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for ApiKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Lacking(_) | Self::TestKeyActs => ErrorKind::Denied,
            Self::Full(_) | Self::Expired => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::Lacking(_) | Self::TestKeyActs => "permission_denied",
            Self::Full(_) => API_KEYS_FULL,
            Self::Expired => "api_key_expired",
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

impl MaybeContended for ApiKeyError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}
