//! What a password must be: long enough, and not the first thing a guesser tries. No composition rules,
//! which make passwords worse (NIST SP 800-63B-4, section 3.1.1.2).

use tenantry_kernel::{EmailAddress, FieldError};

use super::common::COMMON;
use super::meter::Strength;

/// The least characters anywhere.
pub const MIN_CHARS: usize = 8;
/// The most characters: long sentences fit, and hashing stays bounded.
pub const MAX_CHARS: usize = 128;

/// Why a password is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Shorter than the installation, or a tenant of its owner, asks for.
    #[error("must have at least {at_least} characters")]
    TooShort {
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
    /// Known from a breach.
    #[error("is known from a breach: guessers have it on their lists")]
    Breached,
    /// Easier to guess than a tenant of its owner asks for.
    #[error("is too easy to guess: its strength is {} and must be {required} of 4. {}", reached.score, advice(reached))]
    TooWeak {
        /// The least strength.
        required: u8,
        /// What it has.
        reached: Strength,
    },
}

/// In plain words, whatever was found.
fn advice(reached: &Strength) -> String {
    if reached.advice.is_empty() {
        "Add another word or two. Uncommon words are better.".to_owned()
    } else {
        reached.advice.join(" ")
    }
}

impl WeakPassword {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Common => "password_common",
            Self::Personal => "password_personal",
            Self::Breached => "password_breached",
            Self::TooWeak { .. } => "password_too_weak",
        }
    }

    /// The refusal as a fault of the input's `field`.
    #[must_use]
    pub fn at(&self, field: &'static str) -> FieldError {
        FieldError::new(field, self.code(), self)
    }
}

/// Passes when the password has `at_least` so many characters (never fewer than [`MIN_CHARS`]).
///
/// # Errors
/// [`WeakPassword::TooShort`].
pub(super) fn check_length(password: &str, at_least: u32) -> Result<(), WeakPassword> {
    let asked = usize::try_from(at_least).unwrap_or(usize::MAX).max(MIN_CHARS);
    // Counted no further than needed, however long the text is.
    if password.chars().take(asked).count() < asked {
        let at_least = u32::try_from(asked).unwrap_or(u32::MAX);
        return Err(WeakPassword::TooShort { at_least });
    }
    Ok(())
}

/// Passes when a person with this address and name may use the password, where it needs `at_least` so many characters.
///
/// # Errors
/// [`WeakPassword`].
pub(super) fn check(password: &str, at_least: u32, email: &EmailAddress, name: &str) -> Result<(), WeakPassword> {
    // Bounds the work before anything is counted or folded: no character is longer than four bytes.
    if password.len() > MAX_CHARS * 4 {
        return Err(WeakPassword::TooLong);
    }
    if password.chars().count() > MAX_CHARS {
        return Err(WeakPassword::TooLong);
    }
    check_length(password, at_least)?;
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
        check(password, 8, &email, "Ada Lovelace")
    }

    #[test]
    fn length_counts_characters_and_nothing_else_about_them() {
        assert_eq!(verdict("abcdefg"), Err(WeakPassword::TooShort { at_least: 8 }));
        assert_eq!(verdict("zmrqxkwv"), Ok(()));
        assert_eq!(verdict("ünïcödéé"), Ok(()));
        assert_eq!(verdict(&"密".repeat(128)), Ok(()));
        assert_eq!(verdict(&"密".repeat(129)), Err(WeakPassword::TooLong));
        assert_eq!(verdict(&"a".repeat(1_000_000)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn whoever_asks_for_more_characters_is_told_how_many_and_nobody_asks_for_fewer_than_eight() {
        let refused = check_length(&"密".repeat(14), 15).unwrap_err();

        assert_eq!(refused, WeakPassword::TooShort { at_least: 15 });
        assert!(refused.to_string().contains("15"), "{refused}");
        assert_eq!(check_length(&"密".repeat(15), 15), Ok(()));
        assert_eq!(check_length("1234567", 1), Err(WeakPassword::TooShort { at_least: 8 }));
    }

    #[test]
    fn too_weak_says_how_strong_it_must_be_how_strong_it_is_and_what_helps() {
        let weak = |advice: &[&str]| {
            let advice = advice.iter().map(|text| (*text).to_owned()).collect();
            let reached = Strength { score: 1, advice };
            WeakPassword::TooWeak { required: 3, reached }.to_string()
        };

        assert_eq!(
            weak(&["A word by itself is easy to guess.", "Add another word or two."]),
            "is too easy to guess: its strength is 1 and must be 3 of 4. A word by itself is easy to guess. Add another \
             word or two."
        );
        assert!(weak(&[]).ends_with("Uncommon words are better."));
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
