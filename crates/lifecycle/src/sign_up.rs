//! Sign-up: an organization becomes a tenant, in one transaction, or not at all.
//!
//! The tenant, its owner, their membership, the subscription with its trial, the entitlements, the first seat,
//! the session and the events all land together. Whether an address was known before shows in nothing
//! but the mail that it gets.

mod error;
mod limits;
mod owner;
mod request;
mod service;
mod slug;
mod subscribe;
#[cfg(test)]
mod tests;

pub use error::SignUpError;
pub use limits::SignUpLimits;
pub use request::{Founder, OwnerRequest, SignUp};
pub use service::{SignUpParts, SignUpService, SignedUp};
