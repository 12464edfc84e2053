//! Why usage was not counted, checked or shown.

use tenantry_kernel::{Code, Denied, DomainError, ErrorKind, FieldError, StoreError, Value};

use crate::counter::ConsumeError;
use crate::usage::exceeded::QuotaExceeded;

/// Why usage was not counted, checked or shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// The principal may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The input breaks rules.
    #[error("the usage cannot be counted as described")]
    Invalid(Vec<FieldError>),
    /// The catalog has no such meter.
    #[error("there is no meter {0}")]
    UnknownMeter(String),
    /// Tenantry counts this meter itself.
    #[error("the meter {0} is counted by the system and cannot be reported")]
    NotReportable(Code),
    /// The plan's limit is reached.
    #[error(transparent)]
    Exceeded(#[from] QuotaExceeded),
    /// The counter refused or failed.
    #[error(transparent)]
    Counter(ConsumeError),
    /// The meter does not add up, and only sums can be reserved or put right in parts.
    #[error("the meter {0} does not add up: report its level instead")]
    NotAdditive(Code),
    /// No plan has taken effect for the tenant.
    #[error("the tenant has no plan yet")]
    NoPlan,
    /// The store failed.
    #[error("could not read the usage")]
    Store(#[from] StoreError),
}

impl DomainError for UsageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Invalid(_) | Self::UnknownMeter(_) | Self::NotReportable(_) | Self::NotAdditive(_) => {
                ErrorKind::Invalid
            }
            Self::Exceeded(refusal) => refusal.kind(),
            Self::Counter(cause) => cause.kind(),
            Self::NoPlan => ErrorKind::PaymentRequired,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Invalid(_) => "validation_failed",
            Self::UnknownMeter(_) => "unknown_meter",
            Self::NotReportable(_) => "meter_not_reportable",
            Self::NotAdditive(_) => "meter_not_additive",
            Self::Exceeded(refusal) => refusal.code(),
            Self::Counter(cause) => cause.code(),
            Self::NoPlan => "no_plan",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::UnknownMeter(_) | Self::NotReportable(_) | Self::NotAdditive(_) => {
                vec![FieldError::new("meter", self.code(), self)]
            }
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Exceeded(refusal) => refusal.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Counter(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}
