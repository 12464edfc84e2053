//! Support access: operators who act on behalf of a member for a while, and the tenant's consent to that.

mod model;
mod repository;

pub use model::{
    Consent, ConsentId, Impersonation, InvalidReason, MAX_CONSENT_HOURS, MAX_MINUTES, MAX_REASON_CHARS,
    MIN_REASON_CHARS, Reason,
};
#[cfg(any(test, feature = "testing"))]
pub use repository::{MockSupportDirectory, MockSupportRepository};
pub use repository::{SupportDirectory, SupportRepository};
