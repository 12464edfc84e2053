//! Changing the plan: preview, charge, and the entitlements that follow the subscription.
//!
//! Three steps, so that no unit is open while money moves and a crash loses nothing: the intention is written,
//! the gateway is asked, the result is written together with the new entitlements. A crash in between leaves a
//! pending attempt, which the worker resumes with the same idempotency key.
//!
//! Whoever uses more than the new plan allows keeps it and is told: more of it is refused until less is used.

mod error;
mod over_limit;
mod service;
#[cfg(test)]
mod tests;

pub use error::PlanChangeError;
pub use over_limit::OverLimit;
pub use service::{BillingOverview, ChangePlan, Changed, PlanChangeParts, PlanChangeService, Preview};
