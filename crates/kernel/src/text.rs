//! Free text that people type, bounded and on one line: names, notes, telephone numbers.

use std::fmt;

/// The name of a tenant or a person: 1 to 120 characters on one line, without surrounding space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayName(String);

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 120 characters on one line")]
pub struct InvalidName;

impl DisplayName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 120;

    /// The name of somebody who gave none.
    #[must_use]
    pub fn unnamed() -> Self {
        Self("?".to_owned())
    }

    /// The name of somebody whose name was erased.
    #[must_use]
    pub fn erased() -> Self {
        Self("(erased)".to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for DisplayName {
    type Error = InvalidName;

    fn try_from(text: &str) -> Result<Self, InvalidName> {
        one_line(text, Self::MAX_CHARS).map(Self).ok_or(InvalidName)
    }
}

impl TryFrom<String> for DisplayName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::try_from(text.as_str())
    }
}

/// A remark such as a department or a use case: 1 to 500 characters on one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Note(String);

/// The text is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 500 characters on one line")]
pub struct InvalidNote;

impl Note {
    /// Longest note in characters.
    pub const MAX_CHARS: usize = 500;

    /// The note as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Note {
    type Error = InvalidNote;

    fn try_from(text: &str) -> Result<Self, InvalidNote> {
        one_line(text, Self::MAX_CHARS).map(Self).ok_or(InvalidNote)
    }
}

impl TryFrom<String> for Note {
    type Error = InvalidNote;

    fn try_from(text: String) -> Result<Self, InvalidNote> {
        Self::try_from(text.as_str())
    }
}

/// A telephone number as people write it: 3 to 20 digits, with `+`, spaces and punctuation between.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// The text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a telephone number such as +81 3 1234 5678")]
pub struct InvalidPhone;

impl Phone {
    /// The number as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Phone {
    type Error = InvalidPhone;

    fn try_from(text: &str) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let allowed = |c: char| c.is_ascii_digit() || " -().x#".contains(c);
        let body = text.strip_prefix('+').unwrap_or(text);
        if (3..=20).contains(&digits) && text.len() <= 40 && body.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPhone)
        }
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        Self::try_from(text.as_str())
    }
}

/// Trimmed text without control characters, bidirectional overrides and line separators.
fn one_line(text: &str, max_chars: usize) -> Option<String> {
    let text = text.trim();
    let bends_the_line = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let fine = !text.is_empty() && text.chars().count() <= max_chars && !text.chars().any(bends_the_line);
    fine.then(|| text.to_owned())
}

// The three newtypes print as the text they are.
impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisplayName({})", self.0)
    }
}
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({})", self.0)
    }
}
impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_bounded_and_on_one_line() {
        assert_eq!(
            DisplayName::try_from("  Acme 株式会社 ").unwrap().as_str(),
            "Acme 株式会社"
        );
        assert!(DisplayName::try_from("名".repeat(120)).is_ok());
        for bad in ["", "   ", "a\nb", "a\u{0}b", "evil\u{202E}eman", &"a".repeat(121)] {
            assert_eq!(DisplayName::try_from(bad), Err(InvalidName), "{bad:?}");
        }
    }

    #[test]
    fn notes_may_be_longer_than_names() {
        assert!(Note::try_from("n".repeat(500)).is_ok());
        assert_eq!(Note::try_from("n".repeat(501)), Err(InvalidNote));
    }

    #[test]
    fn telephone_numbers_keep_their_spelling() {
        assert_eq!(
            Phone::try_from(" +81 (3) 1234-5678 ").unwrap().as_str(),
            "+81 (3) 1234-5678"
        );
        for bad in ["", "12", "+", "call me", "1+2345", "123;drop", &"1".repeat(21)] {
            assert_eq!(Phone::try_from(bad), Err(InvalidPhone), "{bad}");
        }
    }
}
