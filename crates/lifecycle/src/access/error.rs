//! Why nobody was let in.

use tenantry_kernel::{DomainError, ErrorKind, StoreError, Value};
use tenantry_tenancy::gate::EnterError;

/// Why a caller was turned away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No credential, or none that we believe.
    #[error("the credential is missing, expired or not valid")]
    NotAuthenticated,
    /// The key is used from an address that it does not allow.
    #[error("the API key may not be used from this address")]
    AddressNotAllowed,
    /// There is no such tenant for this caller.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The person is a member of the addressed tenant, but signed in to another.
    #[error("the token belongs to another tenant of yours: switch first")]
    TenantMismatch,
    /// The tenant's policy asks for its consent to support access, and there is none.
    #[error("the tenant has not agreed to support access")]
    NoConsent,
    /// Platform people only.
    #[error("a platform role is needed")]
    NotAnOperator,
    /// The gate's refusal.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The store failed.
    #[error("could not look up who calls")]
    Store(#[from] StoreError),
}

impl DomainError for AccessError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAuthenticated => ErrorKind::Unauthenticated,
            Self::AddressNotAllowed | Self::NotAnOperator | Self::NoConsent => ErrorKind::Denied,
            Self::NoSuchTenant => ErrorKind::NotFound,
            Self::TenantMismatch => ErrorKind::Malformed,
            Self::Enter(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not_authenticated",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::NoSuchTenant => "not_found",
            Self::TenantMismatch => "tenant_mismatch",
            Self::NotAnOperator => "permission_denied",
            Self::NoConsent => "support_access_not_agreed",
            Self::Enter(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
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
