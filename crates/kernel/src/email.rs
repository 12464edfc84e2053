//! E-mail addresses, parsed once at the edge.

use std::fmt;

/// An e-mail address in lower case. Two spellings that differ by case are one address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// The text is not an address we can write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, 254 characters at most")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An address that no mail is ever delivered to (RFC 2606, section 2), for somebody who is nobody any more.
    #[must_use]
    pub fn nobody(id: &str) -> Self {
        Self(format!("{id}@erased.invalid"))
    }

    /// What stands after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl TryFrom<&str> for EmailAddress {
    type Error = InvalidEmail;

    /// Accepts the addresses people have (RFC 5321 dot-atoms), not quoted local parts or literals.
    fn try_from(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
        let local_char = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
        let label = |l: &str| {
            l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let fine = text.len() <= 254
            && (1..=64).contains(&local.len())
            && dotted(local)
            && local.chars().all(local_char)
            && dotted(domain)
            && domain.contains('.')
            && domain.split('.').all(label);
        if fine { Ok(Self(text)) } else { Err(InvalidEmail) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_to_lower_case() {
        assert_eq!(
            EmailAddress::try_from(" Ada@Example.COM ").unwrap().as_str(),
            "ada@example.com"
        );
        assert_eq!(EmailAddress::try_from("a+b@x.co.jp").unwrap().domain(), "x.co.jp");
    }

    #[test]
    fn what_cannot_be_written_to_is_refused() {
        for bad in [
            "",
            "a",
            "@x.jp",
            "a@",
            "a@b",
            "a@b..c",
            "a b@x.jp",
            "a@-x.jp",
            "a@x.jp\r\nBcc: z@x.jp",
            ".a@x.jp",
            "a@@x.jp",
        ] {
            assert!(EmailAddress::try_from(bad).is_err(), "{bad}");
        }
    }
}
