//! Signing in, going on with a refresh token, switching tenants, signing out.
//!
//! Answers never tell whether an address exists: an unknown one, a wrong password and a person without a
//! seat in the named tenant are one refusal, at one price.

mod error;
mod proof;
mod service;
#[cfg(test)]
mod tests;

pub use error::SignInError;
pub use service::{LogIn, SignInParts, SignInService, SignedIn};
