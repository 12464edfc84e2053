//! Payments: attempts to charge, and the flow that makes each of them exactly one charge.

mod collection;
mod model;
mod repository;

pub(crate) use collection::method_added;
pub use collection::{Begun, ChargeOutcome, CollectError, Collection, Draft, PayWith, Prepared, Settled, Settlement};
pub use model::{AttemptStatus, PaymentAttempt, PaymentAttemptId, Source};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockPaymentAttemptRepository;
pub use repository::{PAYMENT_IN_PROGRESS, PaymentAttemptRepository};
