//! Signing in, and what one proves with it.

#[path = "sign_in/devices.rs"]
mod devices;
#[path = "sign_in/links.rs"]
mod links;
#[path = "sign_in/outgrown.rs"]
mod outgrown;
#[path = "sign_in/passkeys.rs"]
mod passkeys;
#[path = "sign_in/required.rs"]
mod required;
#[path = "sign_in/step_up.rs"]
mod step_up;
#[path = "sign_in/totp.rs"]
mod totp;
