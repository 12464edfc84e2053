//! Second factors: codes of an authenticator app (RFC 6238) and recovery codes; what checks them.

mod base32;
mod check;
mod error;
mod recovery;
mod repository;
mod service;
mod totp;

pub use check::{Accepted, ChallengeOf, FactorChecker, Factors, Shown};
pub use error::FactorError;
pub use recovery::{RECOVERY_CODES, RecoveryCode, RecoveryCodeId, fingerprint as recovery_fingerprint};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockFactorRepository;
pub use repository::{FactorRepository, PASSKEY_REGISTERED, PasskeyUse, TOTP_ENROLLED};
pub(crate) use service::after_removal;
pub use service::{Enrolment, FactorService, Shape, confirm_totp, enrol_totp, first_codes, forget_all, notice};
#[cfg(any(test, feature = "testing"))]
pub use totp::MockOneTimeCodes;
pub use totp::{DIGITS, OneTimeCodes, SECRET_BYTES, STEP_S, TotpFactor, TotpId, matching_step};
