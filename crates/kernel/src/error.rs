//! Errors: a business fact, its class and its stable code.

use crate::event::Value;
use crate::permission::Permission;

/// The class of an error. One table, in the HTTP adapter, maps it to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input breaks a rule (422).
    Invalid,
    /// The request cannot be understood at all (400).
    Malformed,
    /// Nobody, or nobody we believe (401).
    Unauthenticated,
    /// Something must be bought or paid first (402).
    PaymentRequired,
    /// Known, but not allowed (403).
    Denied,
    /// Not here, or not for you to know (404).
    NotFound,
    /// Contradicts what is stored (409).
    Conflict,
    /// Was here once (410).
    Gone,
    /// Changed since the caller looked (412).
    Stale,
    /// The tenant is suspended (423).
    Locked,
    /// A limit of the plan, or of the pace (429).
    Exhausted,
    /// Try again soon (503).
    Unavailable,
    /// Our fault (500).
    Internal,
}

/// One field of the input that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path in the input: `owner_email`, `events[3].amount`.
    pub field: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// One sentence for people.
    pub detail: String,
}

impl FieldError {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl std::fmt::Display) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.to_string(),
        }
    }
}

/// What every error that leaves a service can say about itself.
pub trait DomainError: std::error::Error {
    /// The class.
    fn kind(&self) -> ErrorKind;

    /// The stable code from `docs/errors.md`.
    fn code(&self) -> &'static str;

    /// The fields at fault, when the error is about input.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// More members for the problem document, such as the meter of a refused consumption.
    fn details(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Whole seconds to wait before trying again, when that is known.
    fn retry_after_s(&self) -> Option<u64> {
        None
    }
}

/// The principal lacks a permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the permission {permission} is needed")]
pub struct Denied {
    permission: Permission,
}

impl Denied {
    /// Lacks this permission.
    #[must_use]
    pub const fn new(permission: Permission) -> Self {
        Self { permission }
    }

    /// What was lacking.
    #[must_use]
    pub const fn permission(&self) -> &Permission {
        &self.permission
    }
}

impl DomainError for Denied {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Denied
    }

    fn code(&self) -> &'static str {
        "permission_denied"
    }
}

/// Why a store refused or failed. Absence is `Option`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A named rule of the schema refused the write.
    #[error("the rule {0} refused the write")]
    Conflict(&'static str),
    /// The row changed since it was read.
    #[error("the row changed since it was read")]
    Stale,
    /// The race was lost; trying the whole unit again may win it.
    #[error("another transaction was in the way")]
    Contended,
    /// The store cannot be reached, or is too busy.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored row breaks a rule of its model.
    #[error("a row of {table} breaks a rule: {detail}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Which row and which rule.
        detail: String,
    },
    /// Anything else.
    #[error("the store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The rule that makes a request with an `Idempotency-Key` happen once.
pub const IDEMPOTENCY_KEY_USED: &str = "idempotency_key_used";

impl DomainError for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Contended | Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Corrupt { .. } | Self::Backend(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict(rule) => rule,
            Self::Stale => "precondition_failed",
            Self::Contended | Self::Unavailable(_) => "unavailable",
            Self::Corrupt { .. } | Self::Backend(_) => "internal_error",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::Contended | Self::Unavailable(_)).then_some(1)
    }
}
