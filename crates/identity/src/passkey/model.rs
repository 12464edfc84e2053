//! A passkey, and what it is called.

use tenantry_kernel::id::UserId;
use tenantry_kernel::typed_id;
use time::OffsetDateTime;

use crate::session::{Method, Methods};

typed_id!(
    /// One passkey of a person.
    PasskeyId
);

/// The most passkeys of a person.
pub const MAX_PASSKEYS: usize = 20;

/// What a person calls a passkey: 1 to 60 characters, none of them control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyName(String);

/// The text is no name for a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 60 characters without control characters")]
pub struct InvalidPasskeyName;

impl PasskeyName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for PasskeyName {
    type Error = InvalidPasskeyName;

    fn try_from(text: &str) -> Result<Self, InvalidPasskeyName> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=60).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPasskeyName)
        }
    }
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Which one.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// What it is called.
    pub name: PasskeyName,
    /// The authenticator's name for the credential.
    pub credential: Vec<u8>,
    /// The public key, as a COSE key (RFC 9052).
    pub public_key: Vec<u8>,
    /// The signature counter that was shown last; zero for authenticators without one.
    pub sign_count: u32,
    /// True when the credential may live on several devices.
    pub backup_eligible: bool,
    /// True when it did, the last time it was used.
    pub backed_up: bool,
    /// How the authenticator is reached, as it told: `internal`, `hybrid`, `usb`, …
    pub transports: Vec<String>,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When it was used last.
    pub last_used_at: Option<OffsetDateTime>,
}

impl Passkey {
    /// What showing it proves.
    #[must_use]
    pub fn methods(&self, user_verified: bool) -> Methods {
        let key = if self.backup_eligible {
            Method::SyncedKey
        } else {
            Method::DeviceKey
        };
        let methods = Methods::from(key);
        if user_verified {
            methods.with(Method::UserVerified)
        } else {
            methods
        }
    }

    /// True when a counter that is shown now says that there is a second authenticator with this key: it did not go
    /// forward, although one of the two counts (WebAuthn level 2, section 7.2, step 21).
    #[must_use]
    pub const fn is_cloned(&self, shown: u32) -> bool {
        (shown != 0 || self.sign_count != 0) && shown <= self.sign_count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::passkey;

    #[test]
    fn names_are_short_and_say_something() {
        assert_eq!(PasskeyName::try_from("  Ada's key ").unwrap().as_str(), "Ada's key");
        for wrong in ["", "   ", "a\nb", &"x".repeat(61)] {
            assert_eq!(PasskeyName::try_from(wrong), Err(InvalidPasskeyName));
        }
    }

    #[test]
    fn a_counter_that_does_not_go_forward_is_a_second_authenticator() {
        for (stored, shown, cloned) in [
            (0, 0, false),
            (0, 1, false),
            (5, 6, false),
            (5, 5, true),
            (5, 4, true),
            (5, 0, true),
        ] {
            let passkey = Passkey {
                sign_count: stored,
                ..passkey(1, 1)
            };
            assert_eq!(passkey.is_cloned(shown), cloned, "{stored} then {shown}");
        }
    }

    #[test]
    fn a_passkey_that_checked_its_person_is_two_factors() {
        assert!(passkey(1, 1).methods(true).is_multi_factor());
        assert!(!passkey(1, 1).methods(false).is_multi_factor());
    }
}
