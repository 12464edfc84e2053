//! Where payment attempts are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use super::model::{PaymentAttempt, PaymentAttemptId};
use crate::invoice::InvoiceId;

/// The rule "one pending attempt per tenant".
pub const PAYMENT_IN_PROGRESS: &str = "payment_in_progress";

/// Payment attempts of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PaymentAttemptRepository: Send {
    /// `None` when this tenant has no such attempt.
    async fn find(&mut self, id: PaymentAttemptId) -> Result<Option<PaymentAttempt>, StoreError>;

    /// The one attempt whose result is not known yet.
    async fn pending(&mut self) -> Result<Option<PaymentAttempt>, StoreError>;

    /// All attempts for an invoice, oldest first.
    async fn of_invoice(&mut self, invoice: InvoiceId) -> Result<Vec<PaymentAttempt>, StoreError>;

    /// Refused with `Conflict(`[`PAYMENT_IN_PROGRESS`]`)` when another attempt of the tenant is pending.
    async fn insert(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError>;

    /// Records the result of a pending attempt, once. Refused with `Stale` when it is no longer pending.
    async fn settle(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError>;
}
