//! Why money could not be collected.

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{DomainError, ErrorKind, FieldError, StoreError, Value};

use crate::invoice::InvoiceRule;
use crate::subscription::SubscriptionRule;

/// Why money could not be collected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// Money is due and there is nothing to charge.
    #[error("a payment method is needed")]
    NoMethod,
    /// The payment method does not exist, or the gateway does not know it.
    #[error("the payment method is unknown")]
    InvalidMethod,
    /// The charge was refused. Nothing changed.
    #[error("the payment was refused: {code}")]
    Refused {
        /// Why, as the gateway says.
        code: String,
    },
    /// Another payment of the tenant is under way.
    #[error("another payment is in progress")]
    InProgress,
    /// No such invoice or attempt.
    #[error("no such invoice")]
    NotFound,
    /// The invoice is not in a state to be paid.
    #[error(transparent)]
    Rule(#[from] InvoiceRule),
    /// What was to be changed is over.
    #[error(transparent)]
    Subscription(#[from] SubscriptionRule),
    /// It is not known yet whether money moved; it will be found out.
    #[error("the result of the payment is not known yet")]
    ResultUnknown,
    /// The gateway cannot be reached. Nothing was charged.
    #[error("the payment gateway is unavailable")]
    GatewayUnavailable,
    /// The gateway charged another amount than it was asked to.
    #[error("the gateway's charge is over another amount")]
    AmountDiffers,
    /// The tenant has no billing account.
    #[error("the tenant has no billing account")]
    NoAccount,
    /// The amounts do not fit.
    #[error("could not add up the invoice")]
    Amount(#[from] MoneyError),
    /// The store failed.
    #[error("could not store the payment")]
    Store(#[source] StoreError),
}

impl DomainError for CollectError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoMethod | Self::Refused { .. } => ErrorKind::PaymentRequired,
            Self::InvalidMethod => ErrorKind::Invalid,
            Self::InProgress | Self::Rule(_) | Self::Subscription(_) => ErrorKind::Conflict,
            Self::NotFound => ErrorKind::NotFound,
            Self::ResultUnknown | Self::GatewayUnavailable => ErrorKind::Unavailable,
            Self::AmountDiffers | Self::NoAccount | Self::Amount(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoMethod | Self::Refused { .. } => "payment_required",
            Self::InvalidMethod => "invalid_payment_method",
            Self::InProgress => super::super::repository::PAYMENT_IN_PROGRESS,
            Self::NotFound => "not_found",
            Self::Rule(InvoiceRule::Draft) => "invoice_draft",
            Self::Rule(InvoiceRule::Issued) => "invoice_issued",
            Self::Rule(InvoiceRule::Paid) => "invoice_already_paid",
            Self::Rule(InvoiceRule::Void) => "invoice_void",
            Self::Subscription(_) => "subscription_cancelled",
            Self::ResultUnknown => "payment_pending",
            Self::GatewayUnavailable => "gateway_unavailable",
            Self::AmountDiffers | Self::NoAccount | Self::Amount(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::InvalidMethod => vec![FieldError::new("payment_method", self.code(), self)],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Refused { code } => vec![("decline_code", code.as_str().into())],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::ResultUnknown | Self::GatewayUnavailable => Some(5),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for CollectError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}
