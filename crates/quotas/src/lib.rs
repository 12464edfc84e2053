//! Meters, allowances, usage, features: what a plan grants, and how much of it is used.
//!
//! Words: a *meter* is something counted; an *allowance* is how much of it a plan grants per *period*;
//! an *account* holds what was counted for one meter in one period; the *ledger* is the list of
//! operations behind the accounts. **Invariant:** an account with a hard limit never passes it, under
//! any concurrency, and an operation id counts once. Who may decide is [`decide`], a pure function;
//! everything else brings it the state. Start with [`usage`]. Plans and prices live in billing.

pub mod account;
pub mod alert;
pub mod audit;
pub mod closing;
pub mod concurrency;
pub mod counter;
pub mod decide;
pub mod directory;
pub mod engine;
pub mod entitlement;
pub mod gauge;
pub mod insight;
pub mod leased;
pub mod ledger;
pub mod limit;
pub mod meter;
pub mod period;
pub mod permissions;
pub mod rate;
pub mod reservation;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usage;
pub mod zone;
