//! A person's addresses: claiming one, proving it, signing in with another, and the way back.
//!
//! **Invariants:** an address leads to one person. Who proved that they read mail there has it; who only claimed it
//! gives way, whoever came first. It is *held* once whoever holds the account was seen to read mail there: a link may have
//! been followed by somebody else than whoever asked for it, and only held addresses speak for a person. A person signs in
//! with every address they proved, and mail goes to one of them, the primary one. The primary address that somebody had
//! before can be brought back for three days.

mod error;
mod holder;
mod model;
mod repository;
mod service;

pub use error::EmailError;
pub use holder::note_held;
pub use model::{EmailId, MAX_EMAILS, OwnedEmail, UNDO_WITHIN};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockEmailRepository;
pub use repository::{EMAIL_EXISTS, EmailRepository};
pub use service::{EmailService, Proved};
