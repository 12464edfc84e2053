//! What happens when an issued invoice stays unpaid: when the charge is tried again, when the tenant is suspended,
//! when the subscription is cancelled.
//!
//! **Invariant:** a step is taken once, however often and however late somebody looks; whoever takes it writes it into
//! the [`DunningCase`] in the same unit.

mod model;
mod repository;

pub use model::{Dunning, DunningCase};
pub use repository::DunningCaseRepository;
#[cfg(any(test, feature = "testing"))]
pub use repository::MockDunningCaseRepository;
