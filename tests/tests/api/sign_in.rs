//! Signing in, and what one proves with it.

#[path = "sign_in/step_up.rs"]
mod step_up;
