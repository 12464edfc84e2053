//! Passwords: what one must be, and the ways to a new one.

mod common;
mod demand;
mod error;
mod policy;
mod service;

#[cfg(any(test, feature = "testing"))]
pub use demand::MockPasswordDemands;
pub use demand::{PasswordDemand, PasswordDemands};
pub use error::PasswordError;
pub use policy::{MAX_CHARS, MIN_CHARS, WeakPassword, check};
pub use service::{ChangePassword, PasswordService};
