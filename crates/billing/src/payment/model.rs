//! The payment attempt.

use tenantry_kernel::{Money, typed_id};
use time::OffsetDateTime;

use crate::gateway::{MethodDetails, MethodToken};
use crate::invoice::InvoiceId;
use crate::payment_method::PaymentMethodId;

typed_id!(
    /// An attempt to charge; its text is the gateway's idempotency key.
    PaymentAttemptId
);

/// What is charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A method on file.
    OnFile(PaymentMethodId),
    /// A method that is put on file, as the default, once it has paid.
    New {
        /// The id it will have.
        id: PaymentMethodId,
        /// What may be shown of it.
        details: MethodDetails,
    },
}

impl Source {
    /// The method's id, on file or to be.
    #[must_use]
    pub const fn method(&self) -> PaymentMethodId {
        match self {
            Self::OnFile(id) | Self::New { id, .. } => *id,
        }
    }
}

/// How far an attempt got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptStatus {
    /// Written before the gateway is asked; what came of it is not known yet.
    Pending,
    /// Charged.
    Succeeded {
        /// The gateway's id of the charge.
        charge_id: String,
        /// When that was recorded.
        at: OffsetDateTime,
    },
    /// Not charged.
    Failed {
        /// Why: `card_declined`, `action_required`, `gateway_unavailable`.
        code: String,
        /// When that was recorded.
        at: OffsetDateTime,
    },
}

/// One attempt to charge what is due on one invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentAttempt {
    /// Its id, and the gateway's idempotency key.
    pub id: PaymentAttemptId,
    /// For which invoice.
    pub invoice: InvoiceId,
    /// What is charged.
    pub source: Source,
    /// What the gateway calls it.
    pub token: MethodToken,
    /// How much; above zero.
    pub amount: Money,
    /// How far it got.
    pub status: AttemptStatus,
    /// When it was begun.
    pub created_at: OffsetDateTime,
}
