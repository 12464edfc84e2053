//! What a custom domain is and how it is proved.

use std::fmt;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, Value, typed_id};

use crate::host;

typed_id!(
    /// A host name that a tenant brings.
    CustomDomainId
);

/// A fully qualified host name in lower case, at least two labels, no address literal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// The text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a host name such as app.example.com; write other scripts in punycode (xn--…)")]
pub struct InvalidHostName;

impl HostName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when it is `zone` or lies beneath it.
    #[must_use]
    pub fn is_within(&self, zone: &str) -> bool {
        let zone = zone.to_ascii_lowercase();
        !zone.is_empty()
            && self
                .0
                .strip_suffix(zone.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl TryFrom<&str> for HostName {
    type Error = InvalidHostName;

    fn try_from(text: &str) -> Result<Self, InvalidHostName> {
        let lower = text.trim().to_ascii_lowercase();
        let name = lower.strip_suffix('.').unwrap_or(&lower);
        if host::is_domain_name(name) && name.contains('.') {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidHostName)
        }
    }
}

impl TryFrom<String> for HostName {
    type Error = InvalidHostName;

    fn try_from(text: String) -> Result<Self, InvalidHostName> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostName({})", self.0)
    }
}

/// The domain has been verified before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the domain is verified already")]
pub struct AlreadyVerified;

/// A host name that a tenant brings. It names the tenant once it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomDomain {
    id: CustomDomainId,
    host: HostName,
    verification_token: String,
    verified_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl CustomDomain {
    /// A claim, not verified yet. The token is public: it goes into the DNS.
    #[must_use]
    pub const fn claim(id: CustomDomainId, host: HostName, verification_token: String, now: OffsetDateTime) -> Self {
        Self::restore(id, host, verification_token, None, now)
    }

    /// A domain as it was stored. For stores only.
    #[must_use]
    pub const fn restore(
        id: CustomDomainId,
        host: HostName,
        verification_token: String,
        verified_at: Option<OffsetDateTime>,
        created_at: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            host,
            verification_token,
            verified_at,
            created_at,
        }
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> CustomDomainId {
        self.id
    }

    /// The host name.
    #[must_use]
    pub const fn host(&self) -> &HostName {
        &self.host
    }

    /// What the TXT record must hold after its prefix.
    #[must_use]
    pub fn verification_token(&self) -> &str {
        &self.verification_token
    }

    /// Since when it is verified.
    #[must_use]
    pub const fn verified_at(&self) -> Option<OffsetDateTime> {
        self.verified_at
    }

    /// When it was claimed.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// Where the TXT record stands.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("_tenantry.{}", self.host)
    }

    /// What the TXT record says.
    #[must_use]
    pub fn record_value(&self) -> String {
        format!("tenantry-verification={}", self.verification_token)
    }

    /// True when one of the records is the one that was asked for.
    #[must_use]
    pub fn is_proved_by(&self, records: &[String]) -> bool {
        let wanted = self.record_value();
        records.iter().any(|record| record.trim() == wanted)
    }

    /// Marks it verified.
    ///
    /// # Errors
    /// [`AlreadyVerified`].
    pub fn verify(&mut self, now: OffsetDateTime) -> Result<Event, AlreadyVerified> {
        if self.verified_at.is_some() {
            return Err(AlreadyVerified);
        }
        self.verified_at = Some(now);
        Ok(Event::new("domain.verified", self.id)
            .set("host", self.host.as_str())
            .set("verified_at", now))
    }

    /// The event that tells of its claim.
    #[must_use]
    pub fn claimed(&self) -> Event {
        Event::new("domain.added", self.id).set("host", self.host.as_str())
    }

    /// The event that tells of its removal.
    #[must_use]
    pub fn removed(&self) -> Event {
        Event::new("domain.removed", self.id).change("host", self.host.as_str(), Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;
    use uuid::Uuid;

    fn claim() -> CustomDomain {
        let id = CustomDomainId::from_uuid(Uuid::from_u128(9));
        CustomDomain::claim(id, HostName::try_from("App.Acme.com.").unwrap(), "abc".to_owned(), NOW)
    }

    #[test]
    fn host_names_are_folded_or_refused() {
        assert_eq!(claim().host().as_str(), "app.acme.com");
        assert!(HostName::try_from("xn--bcher-kva.example").is_ok());
        for bad in [
            "",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "bücher.example",
            "a..b",
            "-a.com",
            "a_b.com",
            "http://a.com",
            "a.com:80",
            "1.2",
        ] {
            assert_eq!(HostName::try_from(bad), Err(InvalidHostName), "{bad}");
        }
    }

    #[test]
    fn a_name_lies_within_a_zone_at_label_borders_only() {
        let host = claim().host().clone();

        assert!(host.is_within("acme.com") && host.is_within("app.ACME.com"));
        assert!(!host.is_within("me.com") && !host.is_within(""));
    }

    #[test]
    fn only_the_exact_record_proves_a_domain_and_only_once() {
        let mut domain = claim();

        assert!(!domain.is_proved_by(&["tenantry-verification=abcd".to_owned(), "abc".to_owned()]));
        assert!(domain.is_proved_by(&["v=spf1".to_owned(), "tenantry-verification=abc".to_owned()]));
        assert_eq!(domain.verify(NOW).unwrap().action, "domain.verified");
        assert_eq!(domain.verify(NOW), Err(AlreadyVerified));
        assert_eq!(domain.verified_at(), Some(NOW));
    }
}
