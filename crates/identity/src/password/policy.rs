//! What a password must be: long enough, and not the first thing a guesser tries. No composition rules,
//! which make passwords worse (NIST SP 800-63B, section 3.1.1.2).

use tenantry_kernel::{EmailAddress, FieldError};

use super::common::COMMON;

/// The least characters.
pub const MIN_CHARS: usize = 8;
/// The most characters: long sentences fit, and hashing stays bounded.
pub const MAX_CHARS: usize = 128;

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("must have at least 8 characters")]
    TooShort,
    /// Shorter than a tenant of its owner asks for.
    #[error("must have at least {at_least} characters")]
    ShorterThanAsked {
        /// How many.
        at_least: u32,
    },
    /// Too long.
    #[error("must have at most 128 characters")]
    TooLong,
    /// Among the first that guessers try.
    #[error("is among the most common passwords")]
    Common,
    /// The address or name of its owner.
    #[error("must not be the owner's address or name")]
    Personal,
}

impl WeakPassword {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort | Self::ShorterThanAsked { .. } => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Common => "password_common",
            Self::Personal => "password_personal",
        }
    }

    /// The refusal as a fault of the input's `field`.
    #[must_use]
    pub fn at(self, field: &'static str) -> FieldError {
        FieldError::new(field, self.code(), self)
    }
}

/// Passes when a person with this address and name may use the password.
///
/// # Errors
/// [`WeakPassword`].
pub fn check(password: &str, email: &EmailAddress, name: &str) -> Result<(), WeakPassword> {
    // Bounds the work before anything is counted or folded: no character is longer than four bytes.
    if password.len() > MAX_CHARS * 4 {
        return Err(WeakPassword::TooLong);
    }
    let characters = password.chars().count();
    if characters < MIN_CHARS {
        return Err(WeakPassword::TooShort);
    }
    if characters > MAX_CHARS {
        return Err(WeakPassword::TooLong);
    }
    let folded = password.to_lowercase();
    if COMMON.contains(&folded.as_str()) {
        return Err(WeakPassword::Common);
    }
    let local = email.as_str().split('@').next().unwrap_or_default();
    let spaceless: String = name.to_lowercase().split_whitespace().collect();
    let personal = [email.as_str(), local, &name.to_lowercase(), &spaceless];
    if personal.contains(&folded.as_str()) {
        return Err(WeakPassword::Personal);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), WeakPassword> {
        let email = EmailAddress::try_from("ada.lovelace@example.com").unwrap();
        check(password, &email, "Ada Lovelace")
    }

    #[test]
    fn length_counts_characters_and_nothing_else_about_them() {
        assert_eq!(verdict("abcdefg"), Err(WeakPassword::TooShort));
        assert_eq!(verdict("zmrqxkwv"), Ok(()));
        assert_eq!(verdict("ünïcödéé"), Ok(()));
        assert_eq!(verdict(&"密".repeat(128)), Ok(()));
        assert_eq!(verdict(&"密".repeat(129)), Err(WeakPassword::TooLong));
        assert_eq!(verdict(&"a".repeat(1_000_000)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn the_first_guesses_are_refused_in_any_case() {
        for common in [
            "password",
            "Password1",
            "12345678",
            "QWERTYUIOP",
            "iloveyou",
            "Passw0rd",
        ] {
            assert_eq!(verdict(common), Err(WeakPassword::Common), "{common}");
        }
    }

    #[test]
    fn the_owner_is_no_password() {
        for personal in [
            "Ada Lovelace",
            "adalovelace",
            "ADA.LOVELACE",
            "ada.lovelace@example.com",
        ] {
            assert_eq!(verdict(personal), Err(WeakPassword::Personal), "{personal}");
        }
    }

    #[test]
    fn the_list_holds_only_what_length_would_let_through() {
        for entry in COMMON {
            assert!(entry.len() >= MIN_CHARS, "{entry} is refused by its length already");
            assert_eq!(*entry, entry.to_lowercase());
        }
    }
}
