//! What a domain of addresses is and how it is proved.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailDomain, Event, Value, typed_id};

use crate::domain::AlreadyVerified;

typed_id!(
    /// A domain of addresses that a tenant claims.
    MailDomainId
);

/// A domain of addresses that a tenant claims. It lets nobody in before it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailDomain {
    id: MailDomainId,
    domain: EmailDomain,
    verification_token: String,
    verified_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl MailDomain {
    /// A claim, not proved yet. The token is public: it goes into the DNS.
    #[must_use]
    pub const fn claim(id: MailDomainId, domain: EmailDomain, verification_token: String, now: OffsetDateTime) -> Self {
        Self::restore(id, domain, verification_token, None, now)
    }

    /// A domain as it was stored. For stores only.
    #[must_use]
    pub const fn restore(
        id: MailDomainId,
        domain: EmailDomain,
        verification_token: String,
        verified_at: Option<OffsetDateTime>,
        created_at: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            domain,
            verification_token,
            verified_at,
            created_at,
        }
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> MailDomainId {
        self.id
    }

    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &EmailDomain {
        &self.domain
    }

    /// What the TXT record must hold after its prefix.
    #[must_use]
    pub fn verification_token(&self) -> &str {
        &self.verification_token
    }

    /// Since when it is proved.
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
        format!("_tenantry.{}", self.domain)
    }

    /// What the TXT record says: something else than a host's, so that whoever keeps the zone sees what they allow.
    #[must_use]
    pub fn record_value(&self) -> String {
        format!("tenantry-mail-verification={}", self.verification_token)
    }

    /// True when one of the records is the one that was asked for.
    #[must_use]
    pub fn is_proved_by(&self, records: &[String]) -> bool {
        let wanted = self.record_value();
        records.iter().any(|record| record.trim() == wanted)
    }

    /// Marks it proved.
    ///
    /// # Errors
    /// [`AlreadyVerified`].
    pub fn verify(&mut self, now: OffsetDateTime) -> Result<Event, AlreadyVerified> {
        if self.verified_at.is_some() {
            return Err(AlreadyVerified);
        }
        self.verified_at = Some(now);
        Ok(Event::new("email_domain.verified", self.id)
            .set("domain", self.domain.as_str())
            .set("verified_at", now))
    }

    /// The event that tells of its claim.
    #[must_use]
    pub fn claimed(&self) -> Event {
        Event::new("email_domain.added", self.id).set("domain", self.domain.as_str())
    }

    /// The event that tells of its removal.
    #[must_use]
    pub fn removed(&self) -> Event {
        Event::new("email_domain.removed", self.id).change("domain", self.domain.as_str(), Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, mail_domain};

    #[test]
    fn only_the_exact_record_proves_a_domain_and_only_once() {
        let mut domain = mail_domain(1, "acme.example");

        assert_eq!(domain.record_name(), "_tenantry.acme.example");
        for other in [
            "tenantry-verification=token1",
            "tenantry-mail-verification=token10",
            "token1",
        ] {
            assert!(!domain.is_proved_by(&[other.to_owned()]), "{other}");
        }
        assert!(domain.is_proved_by(&["v=spf1".to_owned(), " tenantry-mail-verification=token1 ".to_owned()]));
        assert_eq!(domain.verify(NOW).unwrap().action, "email_domain.verified");
        assert_eq!(domain.verify(NOW), Err(AlreadyVerified));
    }
}
