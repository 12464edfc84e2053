//! Why a feature is not there, and why a limit was not changed.

use tenantry_kernel::{Code, Denied, DomainError, ErrorKind, FieldError, StoreError, Value};

/// The plan lacks a feature.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// The feature must be bought first.
    #[error("the plan {plan} does not include {feature}")]
    NotInPlan {
        /// The feature.
        feature: Code,
        /// The tenant's plan.
        plan: Code,
        /// The next plan that has it.
        upgrade_to: Option<Code>,
    },
    /// No plan has taken effect for the tenant.
    #[error("the tenant has no plan yet")]
    NoPlan,
    /// The store failed.
    #[error("could not read what the tenant is entitled to")]
    Store(#[from] StoreError),
}

impl DomainError for FeatureError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotInPlan { .. } | Self::NoPlan => ErrorKind::PaymentRequired,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotInPlan { .. } => "feature_not_in_plan",
            Self::NoPlan => "no_plan",
            Self::Store(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::NotInPlan {
                feature,
                plan,
                upgrade_to,
            } => vec![
                ("feature", Value::from(feature.as_str())),
                ("plan", Value::from(plan.as_str())),
                ("upgrade_to", Value::from(upgrade_to.as_ref().map(Code::as_str))),
            ],
            Self::NoPlan | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Why a limit was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// The principal may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The input breaks rules.
    #[error("the limit cannot be changed as described")]
    Invalid(Vec<FieldError>),
    /// The catalog has no such meter.
    #[error("there is no meter {0}")]
    UnknownMeter(String),
    /// No plan has taken effect for the tenant.
    #[error("the tenant has no plan yet")]
    NoPlan,
    /// An operator has set the limit; it is not the tenant's to change.
    #[error("an operator has set this limit")]
    SetByOperator,
    /// The store failed.
    #[error("could not store the limit")]
    Store(#[from] StoreError),
}

impl DomainError for OverrideError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Invalid(_) | Self::UnknownMeter(_) => ErrorKind::Invalid,
            Self::NoPlan => ErrorKind::PaymentRequired,
            Self::SetByOperator => ErrorKind::Conflict,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Invalid(_) => "validation_failed",
            Self::UnknownMeter(_) => "unknown_meter",
            Self::NoPlan => "no_plan",
            Self::SetByOperator => "limit_set_by_operator",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::UnknownMeter(_) => vec![FieldError::new("meter", self.code(), self)],
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
