//! Sessions and refresh tokens: one signed-in device each, rotated at every use.

mod exchange;
mod methods;
mod model;
mod refresh;
mod repository;
mod service;

pub use exchange::{Exchange, exchange, open};
pub use methods::{Method, Methods};
pub use model::{STEP_UP_LASTS, Session, SessionPolicy, SessionRecord};
pub use refresh::{RefreshText, RefreshToken, RefreshTokenId, RefreshVerdict};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockSessionRepository;
pub use repository::SessionRepository;
pub use service::{SessionError, SessionService};
