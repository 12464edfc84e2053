//! What a tenant pays with: references to methods that the gateway keeps.

mod model;
mod repository;
mod service;

pub use model::{PaymentMethod, PaymentMethodId};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockPaymentMethodRepository;
pub use repository::{PAYMENT_METHOD_EXISTS, PAYMENT_METHOD_ONE_DEFAULT, PaymentMethodRepository};
pub use service::{AddPaymentMethod, PaymentMethodError, PaymentMethodService};
