//! What stands after the `@` of an address.

use std::fmt;

use crate::email::EmailAddress;
use crate::mail_providers;

/// The domain of e-mail addresses, in lower case, exactly as [`EmailAddress::domain`] tells it. A name beneath it is
/// another domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailDomain(String);

/// The text is no domain that an address could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the domain of e-mail addresses, such as example.com")]
pub struct InvalidEmailDomain;

impl EmailDomain {
    /// The domain of an address.
    #[must_use]
    pub fn of(address: &EmailAddress) -> Self {
        Self(address.domain().to_owned())
    }

    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when the address is at this very domain.
    #[must_use]
    pub fn has(&self, address: &EmailAddress) -> bool {
        address.domain() == self.0
    }

    /// True when anybody can have an address there, to keep or to throw away: such an address says nothing about where
    /// its owner belongs.
    #[must_use]
    pub fn is_anybodys(&self) -> bool {
        mail_providers::is_free(&self.0) || mail_providers::is_disposable(&self.0)
    }
}

impl TryFrom<&str> for EmailDomain {
    type Error = InvalidEmailDomain;

    /// Takes `example.com` and, as people write it, `@example.com`.
    fn try_from(text: &str) -> Result<Self, InvalidEmailDomain> {
        let text = text.trim();
        let text = text.strip_prefix('@').unwrap_or(text);
        // It is a domain when somebody could have an address there.
        let somebody = EmailAddress::try_from(format!("x@{text}")).map_err(|_| InvalidEmailDomain)?;
        Ok(Self::of(&somebody))
    }
}

impl TryFrom<String> for EmailDomain {
    type Error = InvalidEmailDomain;

    fn try_from(text: String) -> Result<Self, InvalidEmailDomain> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailDomain({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_domain_has_the_addresses_at_it_and_none_beneath_it() {
        let domain = EmailDomain::try_from(" @Example.COM ").unwrap();
        let at = |text: &str| domain.has(&EmailAddress::try_from(text).unwrap());

        assert_eq!(domain.as_str(), "example.com");
        assert!(at("ada@example.com") && at("ADA@EXAMPLE.COM"));
        assert!(!at("ada@mail.example.com") && !at("ada@notexample.com"));
    }

    #[test]
    fn a_providers_domain_is_anybodys() {
        let anybodys = |text: &str| EmailDomain::try_from(text).unwrap().is_anybodys();

        assert!(anybodys("@Gmail.com") && anybodys("yahoo.co.jp") && anybodys("mailinator.com"));
        assert!(!anybodys("example.com") && !anybodys("mail.example.co.jp"));
    }

    #[test]
    fn what_no_address_could_have_is_refused() {
        for bad in [
            "",
            "@",
            "@@example.com",
            "com",
            "a@b.com",
            "-a.com",
            "a..com",
            "a b.com",
            ".com",
        ] {
            assert_eq!(EmailDomain::try_from(bad), Err(InvalidEmailDomain), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_domain_that_reads_back_or_is_refused(text in "\\PC{0,40}") {
            if let Ok(domain) = EmailDomain::try_from(text.as_str()) {
                prop_assert_eq!(EmailDomain::try_from(domain.as_str()), Ok(domain));
            }
        }

        #[test]
        fn every_address_has_a_domain(local in "[a-z0-9]{1,8}", domain in "[a-zA-Z0-9]{1,8}(\\.[a-zA-Z0-9]{1,8}){1,3}") {
            let address = EmailAddress::try_from(format!("{local}@{domain}")).unwrap();
            prop_assert_eq!(EmailDomain::try_from(address.domain()), Ok(EmailDomain::of(&address)));
        }
    }
}
