//! The billing account: the tenant's currency and the credit it has. Its row is the tenant's billing lock.

mod model;
mod repository;
mod service;

pub use model::{BillingAccount, NegativeCredit};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockBillingAccountRepository;
pub use repository::{BILLING_ACCOUNT_ONE, BillingAccountRepository};
pub use service::{AccountError, AccountService, Overview};
