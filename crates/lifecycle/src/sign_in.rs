//! Signing in, going on with a refresh token, switching tenants, signing out.
//!
//! Answers never tell whether an address exists: an unknown one, a wrong password and a person without a
//! seat in the named tenant are one refusal, at one price.
//!
//! Each way in ends in [`SignInService`]'s `proceed`: it looks at what was shown, at what the person has and at what the
//! tenant wants, and opens a session or leaves the sign-in pending. What is shown is spent in the unit that opens it.

mod answer;
mod budget;
mod enrol;
mod error;
mod link;
mod opening;
mod outgrown;
mod passkey;
mod password;
mod pending;
mod proof;
mod seats;
mod service;
#[cfg(test)]
mod tests;

pub use answer::{Outcome, SignedIn, Waiting};
pub use budget::GuessBudget;
pub use error::SignInError;
pub use link::{AskForLink, RedeemLink};
pub use outgrown::ChooseAnother;
pub use passkey::ByPasskey;
pub use password::LogIn;
pub use pending::{ShownFactor, Verify};
pub use service::{SignInParts, SignInService};
