//! Use cases that span domains: sign-up, sign-in, members and their seats, plan changes, renewals.
//!
//! Everything here opens one unit that reaches several domains, so that a sign-up or an upgrade lands
//! whole or not at all. **Invariant:** no tables of its own, no adapter. Start with [`sign_up`]; the installation's
//! plans, meters and roles are in [`catalog`].

pub mod access;
pub mod appoint;
pub mod billing_run;
pub mod catalog;
mod counts;
mod dunning;
mod entitle;
pub mod joining;
pub mod key_check;
mod key_powers;
pub mod members;
pub mod oauth;
pub mod operators;
pub mod owed;
pub mod ownership;
pub mod password_demands;
pub mod people;
pub mod plan_change;
pub mod retention;
pub mod roles;
pub mod seats;
pub mod sign_in;
pub mod sign_up;
pub mod store;
pub mod support;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tokens;
pub mod usage_upkeep;
