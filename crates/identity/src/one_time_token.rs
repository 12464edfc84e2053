//! One-time tokens: what a link in a mail carries.

mod issue;
mod model;
mod repository;

pub use issue::{About, issue, issue_about};
pub use model::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose, TokenState};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockOneTimeTokenRepository;
pub use repository::OneTimeTokenRepository;
