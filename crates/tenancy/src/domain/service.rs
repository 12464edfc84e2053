//! What may be done with custom domains: claim, prove, remove.

use std::sync::Arc;

use tenantry_kernel::retry::{MaybeContended, contended};
use tenantry_kernel::{
    Clock, Denied, DomainError, Entropy, ErrorKind, FieldError, IdSource, Page, PageRequest, StoreError, TenantScope,
};

use crate::domain::{AlreadyVerified, CustomDomain, CustomDomainId, DOMAIN_TAKEN, HostName, ResolveError, TxtResolver};
use crate::permissions::{DOMAINS_MANAGE, DOMAINS_READ};
use crate::store::TenancyStore;

/// How many domains a tenant may claim: claims cost nothing, so they are bounded.
pub const MAX_DOMAINS: u64 = 50;

/// Why something about a custom domain was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustomDomainError {
    /// This tenant has no such domain.
    #[error("there is no such domain")]
    NotFound,
    /// The tenant names it already, or another one has verified it.
    #[error("the domain is taken")]
    Taken,
    /// The installation's own hosts are nobody's custom domain.
    #[error("the host belongs to this installation")]
    OwnHost,
    /// The tenant has claimed as many as it may.
    #[error("a tenant can have {MAX_DOMAINS} domains at most")]
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

impl From<StoreError> for CustomDomainError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(DOMAIN_TAKEN) => Self::Taken,
            other => Self::Store(other),
        }
    }
}

impl DomainError for CustomDomainError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Taken | Self::TooMany | Self::NotProved { .. } => ErrorKind::Conflict,
            Self::OwnHost => ErrorKind::Invalid,
            Self::Unresolved(_) => ErrorKind::Unavailable,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Taken => DOMAIN_TAKEN,
            Self::OwnHost => "validation_failed",
            Self::TooMany => "too_many_domains",
            Self::NotProved { .. } => "domain_not_verified",
            Self::Unresolved(_) => "unavailable",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::OwnHost => vec![FieldError::new("host", "own_host", self)],
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

impl MaybeContended for CustomDomainError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// What a domain service works with.
pub struct DomainPorts {
    /// Where domains are kept.
    pub store: Arc<dyn TenancyStore>,
    /// The DNS.
    pub resolver: Arc<dyn TxtResolver>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Randomness, for the records that prove.
    pub entropy: Arc<dyn Entropy>,
}

impl DomainPorts {
    /// 128 random bits in hexadecimal.
    pub(crate) fn fresh_token(&self) -> String {
        let mut random = [0_u8; 16];
        self.entropy.fill(&mut random);
        format!("{:032x}", u128::from_be_bytes(random))
    }
}

/// Claims, proves and removes custom domains.
pub struct DomainService {
    ports: DomainPorts,
    own_zones: Vec<String>,
}

impl DomainService {
    /// Works on these ports. `own_zones` are the base domain and the public host: neither they nor what
    /// lies beneath them can be claimed.
    #[must_use]
    pub fn new(ports: DomainPorts, own_zones: Vec<String>) -> Self {
        Self { ports, own_zones }
    }

    /// A page of domains, oldest first.
    ///
    /// # Errors
    /// [`CustomDomainError::Denied`], [`CustomDomainError::Store`].
    pub async fn list(&self, scope: &TenantScope, page: PageRequest) -> Result<Page<CustomDomain>, CustomDomainError> {
        scope.require(&DOMAINS_READ)?;

        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.custom_domains().list(page).await?)
    }

    /// Claims a host. It names the tenant once it is verified, not before.
    ///
    /// # Errors
    /// [`CustomDomainError`]: own host, taken, too many, denied.
    pub async fn add(&self, scope: &TenantScope, host: HostName) -> Result<CustomDomain, CustomDomainError> {
        scope.require(&DOMAINS_MANAGE)?;
        if self.own_zones.iter().any(|zone| host.is_within(zone)) {
            return Err(CustomDomainError::OwnHost);
        }
        let id = CustomDomainId::from_uuid(self.ports.ids.next());
        let domain = CustomDomain::claim(id, host, self.ports.fresh_token(), self.ports.clock.now(scope));

        contended(3, || async {
            let mut unit = self.ports.store.begin(scope).await?;
            if unit.custom_domains().count().await? >= MAX_DOMAINS {
                return Err(CustomDomainError::TooMany);
            }
            unit.custom_domains().insert(&domain).await?;
            unit.commit(vec![domain.claimed()]).await?;
            Ok(domain.clone())
        })
        .await
    }

    /// Looks for the record in the DNS, and verifies the domain when it is there. Verifying a verified
    /// domain again changes nothing.
    ///
    /// # Errors
    /// [`CustomDomainError`]: not found, not proved, unresolved, taken, denied.
    pub async fn verify(&self, scope: &TenantScope, id: CustomDomainId) -> Result<CustomDomain, CustomDomainError> {
        scope.require(&DOMAINS_MANAGE)?;
        let claimed = self.find(scope, id).await?;
        if claimed.verified_at().is_some() {
            return Ok(claimed);
        }

        // Outside any unit: the DNS may take its time.
        let name = claimed.record_name();
        let records = self
            .ports
            .resolver
            .lookup(&name)
            .await
            .map_err(CustomDomainError::Unresolved)?;
        if !claimed.is_proved_by(&records) {
            let value = claimed.record_value();
            return Err(CustomDomainError::NotProved { name, value });
        }
        let now = self.ports.clock.now(scope);

        contended(3, || async {
            let mut unit = self.ports.store.begin(scope).await?;
            // It may have been removed, or verified by another request, while the DNS was asked.
            let found = unit.custom_domains().find(id).await?;
            let mut domain = found.ok_or(CustomDomainError::NotFound)?;
            let event = match domain.verify(now) {
                Ok(event) => event,
                Err(AlreadyVerified) => return Ok(domain),
            };
            unit.custom_domains().update(&domain).await?;
            unit.commit(vec![event]).await?;
            Ok(domain)
        })
        .await
    }

    /// Gives a domain up; it names the tenant no longer.
    ///
    /// # Errors
    /// [`CustomDomainError`]: not found, denied.
    pub async fn remove(&self, scope: &TenantScope, id: CustomDomainId) -> Result<(), CustomDomainError> {
        scope.require(&DOMAINS_MANAGE)?;

        contended(3, || async {
            let mut unit = self.ports.store.begin(scope).await?;
            let found = unit.custom_domains().find(id).await?;
            let domain = found.ok_or(CustomDomainError::NotFound)?;
            unit.custom_domains().delete(id).await?;
            unit.commit(vec![domain.removed()]).await?;
            Ok(())
        })
        .await
    }

    async fn find(&self, scope: &TenantScope, id: CustomDomainId) -> Result<CustomDomain, CustomDomainError> {
        let mut unit = self.ports.store.read(scope).await?;
        unit.custom_domains().find(id).await?.ok_or(CustomDomainError::NotFound)
    }
}

#[cfg(test)]
mod tests;
