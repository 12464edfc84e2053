//! Codes: the short names a catalog gives to plans, meters, features and roles.

use std::fmt;
use std::sync::Arc;

/// A catalog name in lower snake case: a letter, then letters, digits, `_`, `.` or `-`; 64 at most.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Arc<str>);

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 characters: a lower-case letter, then letters, digits, '_', '.' or '-'")]
pub struct InvalidCode;

impl Code {
    /// Longest code in characters.
    pub const MAX_LEN: usize = 64;

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one name have in common: lower-case, without `_`, `-` and spaces.
    ///
    /// `ManageWhatsApp`, `manage-whatsapp` and `manage_whatsapp` fold alike; dots stay.
    #[must_use]
    pub fn fold(text: &str) -> String {
        if text.is_ascii() {
            let mut folded = text.to_ascii_lowercase();
            folded.retain(|c| !matches!(c, '_' | '-' | ' '));
            return folded;
        }
        text.chars()
            .filter(|c| !matches!(c, '_' | '-' | ' '))
            .flat_map(char::to_lowercase)
            .collect()
    }
}

impl TryFrom<&str> for Code {
    type Error = InvalidCode;

    fn try_from(text: &str) -> Result<Self, InvalidCode> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
        if starts_well && text.len() <= Self::MAX_LEN && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidCode)
        }
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.0)
    }
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Code {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_alike() {
        assert_eq!(Code::fold("ManageWhatsApp"), Code::fold("manage_whatsapp"));
        assert_eq!(Code::fold("ReadOnly"), Code::fold("read_only"));
        assert_ne!(Code::fold("whatsapp.send"), Code::fold("whatsapp_send"));
    }

    #[test]
    fn a_code_is_lower_snake_case_and_bounded() {
        for good in ["pro", "api_calls", "whatsapp.send", "a1", "us-east"] {
            assert!(Code::try_from(good).is_ok(), "{good}");
        }
        for bad in ["", "Pro", "1st", "a b", "_x", "é", &"a".repeat(65)] {
            assert_eq!(Code::try_from(bad), Err(InvalidCode), "{bad}");
        }
    }
}
