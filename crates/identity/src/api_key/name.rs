//! What an API key's makers call it.

use std::fmt;

/// The name of a key: 1 to 100 characters on one line, without surrounding space.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyName(String);

/// The text is no name for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 100 characters on one line")]
pub struct InvalidKeyName;

impl KeyName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 100;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for KeyName {
    type Error = InvalidKeyName;

    fn try_from(text: &str) -> Result<Self, InvalidKeyName> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > Self::MAX_CHARS || text.chars().any(char::is_control) {
            Err(InvalidKeyName)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(KeyName::try_from("  ci ").unwrap().as_str(), "ci");
        assert!(KeyName::try_from("ü".repeat(100).as_str()).is_ok());
        for bad in ["", "   ", "a\nb", "\u{0}", &"a".repeat(101)] {
            assert_eq!(KeyName::try_from(bad), Err(InvalidKeyName), "{bad:?}");
        }
    }
}
