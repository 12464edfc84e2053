//! Plans, subscriptions, invoices and payments of one tenant.
//!
//! Everything that decides about money is a pure function: [`start::plan_start`], [`change::plan_change`] and
//! [`renewal::plan`] say what a subscription becomes and which lines that costs; preview and execution call the same.
//! [`payment::Collection`] turns lines into exactly one charge and one invoice, whatever crashes in between.
//!
//! **Invariants:** amounts are integer minor units, rounded once per line; a line keeps the basis that recomputes it;
//! the billing account's row is the lock that serialises a tenant's billing writes; nothing here knows a gateway,
//! a database, quotas or members.

pub mod account;
pub mod change;
pub mod directory;
pub mod dunning;
pub mod gateway;
pub mod invoice;
pub mod mrr;
pub mod payment;
pub mod payment_method;
pub mod period;
pub mod permissions;
pub mod plan;
pub mod proration;
pub mod renewal;
pub mod start;
pub mod store;
pub mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
