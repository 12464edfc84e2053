//! Sign-ins that are not over: the password was right, and something is missing.

mod model;
mod repository;

pub use model::{Missing, PENDING_LIFE, PendingSignIn, PendingSignInId, PendingText};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockPendingSignInRepository;
pub use repository::PendingSignInRepository;
