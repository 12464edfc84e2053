//! What may be done with domains of addresses: claim, prove, remove.

use tenantry_kernel::retry::{MaybeContended, contended};
use tenantry_kernel::{
    Denied, DomainError, EmailDomain, ErrorKind, FieldError, Page, PageRequest, StoreError, TenantScope,
};

use super::model::{MailDomain, MailDomainId};
use super::repository::MAIL_DOMAIN_EXISTS;
use crate::domain::service::DomainPorts;
use crate::domain::{AlreadyVerified, ResolveError};
use crate::host;
use crate::permissions::{DOMAINS_MANAGE, DOMAINS_READ};

/// How many domains of addresses a tenant may claim: claims cost nothing, so they are bounded.
pub const MAX_MAIL_DOMAINS: u64 = 50;

/// Why something about a domain of addresses was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailDomainError {
    /// This tenant has no such domain.
    #[error("there is no such domain")]
    NotFound,
    /// The tenant names it already.
    #[error("the tenant has this domain already")]
    Exists,
    /// Anybody can have an address there.
    #[error("anybody can have an address at {0}: it is nobody's domain")]
    Anybodys(EmailDomain),
    /// No DNS name: nothing could prove it.
    #[error("must be the name of a domain in the DNS, such as example.com; other scripts in punycode (xn--…)")]
    NoName,
    /// The tenant has claimed as many as it may.
    #[error("a tenant can have {MAX_MAIL_DOMAINS} email domains at most")]
    TooMany,
    /// The DNS does not hold the record that was asked for.
    #[error("the TXT record {name} does not say {value}")]
    NotProved {
        /// Where it must stand.
        name: String,
        /// What it must say.
        value: String,
    },
    /// The DNS did not answer.
    #[error("the name could not be looked up in the DNS")]
    Unresolved(#[source] ResolveError),
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the domain")]
    Store(#[source] StoreError),
}

impl From<StoreError> for MailDomainError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(MAIL_DOMAIN_EXISTS) => Self::Exists,
            other => Self::Store(other),
        }
    }
}

impl DomainError for MailDomainError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Exists | Self::TooMany | Self::NotProved { .. } => ErrorKind::Conflict,
            Self::Anybodys(_) | Self::NoName => ErrorKind::Invalid,
            Self::Unresolved(_) => ErrorKind::Unavailable,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Exists => MAIL_DOMAIN_EXISTS,
            Self::Anybodys(_) | Self::NoName => "validation_failed",
            Self::TooMany => "too_many_domains",
            Self::NotProved { .. } => "domain_not_verified",
            Self::Unresolved(_) => "unavailable",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Anybodys(_) => vec![FieldError::new("domain", "free_mail_domain", self)],
            Self::NoName => vec![FieldError::new("domain", "invalid_value", self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Unresolved(_) => Some(30),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for MailDomainError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Claims, proves and removes domains of addresses.
pub struct MailDomainService(DomainPorts);

impl MailDomainService {
    /// Works on these ports.
    #[must_use]
    pub const fn new(ports: DomainPorts) -> Self {
        Self(ports)
    }

    /// A page of domains, oldest first.
    ///
    /// # Errors
    /// [`MailDomainError::Denied`], [`MailDomainError::Store`].
    pub async fn list(&self, scope: &TenantScope, page: PageRequest) -> Result<Page<MailDomain>, MailDomainError> {
        scope.require(&DOMAINS_READ)?;

        let mut unit = self.0.store.read(scope).await?;
        Ok(unit.mail_domains().list(page).await?)
    }

    /// Claims a domain. It lets nobody in before it is proved, and by the security policy's leave alone.
    ///
    /// # Errors
    /// [`MailDomainError`]: anybody's, no name, exists, too many, denied.
    pub async fn add(&self, scope: &TenantScope, domain: EmailDomain) -> Result<MailDomain, MailDomainError> {
        scope.require(&DOMAINS_MANAGE)?;
        if domain.is_anybodys() {
            return Err(MailDomainError::Anybodys(domain));
        }
        if !host::is_domain_name(domain.as_str()) {
            return Err(MailDomainError::NoName);
        }
        let id = MailDomainId::from_uuid(self.0.ids.next());
        let domain = MailDomain::claim(id, domain, self.0.fresh_token(), self.0.clock.now(scope));

        contended(3, || async {
            let mut unit = self.0.store.begin(scope).await?;
            if unit.mail_domains().count().await? >= MAX_MAIL_DOMAINS {
                return Err(MailDomainError::TooMany);
            }
            unit.mail_domains().insert(&domain).await?;
            unit.commit(vec![domain.claimed()]).await?;
            Ok(domain.clone())
        })
        .await
    }

    /// Looks for the record in the DNS, and takes the domain for proved when it is there. Proving a proved domain again
    /// changes nothing.
    ///
    /// # Errors
    /// [`MailDomainError`]: not found, anybody's, not proved, unresolved, denied.
    pub async fn verify(&self, scope: &TenantScope, id: MailDomainId) -> Result<MailDomain, MailDomainError> {
        scope.require(&DOMAINS_MANAGE)?;
        let mut unit = self.0.store.read(scope).await?;
        let found = unit.mail_domains().find(id).await?;
        drop(unit);
        let claimed = found.ok_or(MailDomainError::NotFound)?;
        if claimed.verified_at().is_some() {
            return Ok(claimed);
        }
        // The list may have grown since it was claimed.
        if claimed.domain().is_anybodys() {
            return Err(MailDomainError::Anybodys(claimed.domain().clone()));
        }

        // Outside any unit: the DNS may take its time.
        let name = claimed.record_name();
        let records = self
            .0
            .resolver
            .lookup(&name)
            .await
            .map_err(MailDomainError::Unresolved)?;
        if !claimed.is_proved_by(&records) {
            let value = claimed.record_value();
            return Err(MailDomainError::NotProved { name, value });
        }
        let now = self.0.clock.now(scope);

        contended(3, || async {
            let mut unit = self.0.store.begin(scope).await?;
            // It may have been removed, or proved by another request, while the DNS was asked.
            let found = unit.mail_domains().find(id).await?;
            let mut domain = found.ok_or(MailDomainError::NotFound)?;
            let event = match domain.verify(now) {
                Ok(event) => event,
                Err(AlreadyVerified) => return Ok(domain),
            };
            unit.mail_domains().update(&domain).await?;
            unit.commit(vec![event]).await?;
            Ok(domain)
        })
        .await
    }

    /// Gives a domain up; it lets nobody in any longer. Whoever came by it stays.
    ///
    /// # Errors
    /// [`MailDomainError`]: not found, denied.
    pub async fn remove(&self, scope: &TenantScope, id: MailDomainId) -> Result<(), MailDomainError> {
        scope.require(&DOMAINS_MANAGE)?;

        contended(3, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let found = unit.mail_domains().find(id).await?;
            let domain = found.ok_or(MailDomainError::NotFound)?;
            unit.mail_domains().delete(id).await?;
            unit.commit(vec![domain.removed()]).await?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
