//! Passwords: what one must be, and the ways to a new one.

mod common;
mod error;
mod policy;
mod service;

pub use error::PasswordError;
pub use policy::{MAX_CHARS, MIN_CHARS, WeakPassword, check};
pub use service::{ChangePassword, PasswordService};
