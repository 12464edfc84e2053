//! Passwords: what one must be, and the ways to a new one.

mod common;
mod demand;
mod error;
mod judge;
mod leaked;
mod lengths;
mod meter;
mod policy;
mod service;

#[cfg(any(test, feature = "testing"))]
pub use demand::MockPasswordDemands;
pub use demand::{PasswordDemand, PasswordDemands, TenantAsks};
pub use error::PasswordError;
pub use judge::{PasswordJudge, PasswordOwner, Unfit};
pub use lengths::{InvalidLengths, Lengths};
pub use meter::{BreachLookup, Sighting, Strength, StrengthMeter};
#[cfg(any(test, feature = "testing"))]
pub use meter::{MockBreachLookup, MockStrengthMeter};
pub use policy::{MAX_CHARS, MIN_CHARS, WeakPassword};
pub use service::{ChangePassword, PasswordService, Reset, replace};
