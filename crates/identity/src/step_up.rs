//! Step-up: proving again, within a session, who one is.

mod error;
mod service;

pub use error::StepUpError;
pub use service::{StepUpProof, StepUpService};
