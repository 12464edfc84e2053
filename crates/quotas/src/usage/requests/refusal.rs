//! Why a call was not admitted.

use tenantry_kernel::{DomainError, ErrorKind, Value};

use super::{Stand, whole_seconds};
use crate::concurrency::Full;
use crate::rate::RatesUnavailable;
use crate::usage::error::UsageError;

/// Why a call was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// It came too fast. It counted on nothing.
    #[error("the rate {} of {} calls per minute is exceeded", binding.policy, binding.pace.limit)]
    TooFast {
        /// The rate that holds it up the longest.
        binding: Stand,
        /// How it stands to every rate that it was held to, in the order they were asked.
        stands: Vec<Stand>,
    },
    /// Too many calls are at work. It counted on nothing.
    #[error("{} calls are at work already, and {} allows no more at once", .0.0.places, .0.0.policy)]
    TooManyAtOnce(Full),
    /// The plan's calls are used up, or they could not be counted.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The rates could not be asked, and the operator wants nothing to pass then.
    #[error(transparent)]
    RatesUnavailable(#[from] RatesUnavailable),
}

impl AdmitError {
    /// The refusal of a call that stands so; `None` when every rate allows it.
    #[must_use]
    pub fn too_fast(stands: &[Stand]) -> Option<Self> {
        let refused = stands.iter().filter(|stand| !stand.pace.allowed);
        let binding = refused.max_by_key(|stand| stand.pace.retry_after)?;
        Some(Self::TooFast {
            binding: *binding,
            stands: stands.to_vec(),
        })
    }
}

impl DomainError for AdmitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooFast { .. } | Self::TooManyAtOnce(_) => ErrorKind::Exhausted,
            Self::Usage(cause) => cause.kind(),
            Self::RatesUnavailable(_) => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooFast { .. } => "rate_limited",
            Self::TooManyAtOnce(_) => "too_many_concurrent",
            Self::Usage(cause) => cause.code(),
            Self::RatesUnavailable(_) => "unavailable",
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::TooFast { binding, .. } => vec![
                ("policy", Value::from(binding.policy)),
                ("limit", Value::Int(i64::from(binding.pace.limit))),
                ("retry_after_s", seconds(self.retry_after_s())),
            ],
            Self::TooManyAtOnce(Full(limit)) => vec![
                ("policy", Value::from(limit.policy)),
                ("limit", Value::Int(i64::from(limit.places.get()))),
                ("retry_after_s", seconds(self.retry_after_s())),
            ],
            Self::Usage(cause) => cause.details(),
            Self::RatesUnavailable(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooFast { binding, .. } => Some(whole_seconds(binding.pace.retry_after).max(1)),
            // A place is free as soon as any of the calls at work has ended.
            Self::TooManyAtOnce(_) | Self::RatesUnavailable(_) => Some(1),
            Self::Usage(cause) => cause.retry_after_s(),
        }
    }
}

fn seconds(wait: Option<u64>) -> Value {
    wait.and_then(|wait| i64::try_from(wait).ok())
        .map_or(Value::Null, Value::Int)
}
