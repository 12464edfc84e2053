//! Passkeys: WebAuthn credentials (level 2) of a person.

mod ceremony;
mod challenge;
mod model;
mod service;

#[cfg(any(test, feature = "testing"))]
pub use ceremony::MockCeremonies;
pub use ceremony::{Assertion, AssertionHead, Ceremonies, CeremonyRefused, NewCredential, PasskeyOwner};
pub use challenge::{CHALLENGE_LIFE, Challenge, ChallengeState, Occasion};
pub use model::{InvalidPasskeyName, MAX_PASSKEYS, Passkey, PasskeyId, PasskeyName};
pub use service::{PasskeyService, Registration, register, registered};
