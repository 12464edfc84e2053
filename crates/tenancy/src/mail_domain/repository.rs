//! The storage port of domains of addresses.

use async_trait::async_trait;
use tenantry_kernel::{EmailDomain, Page, PageRequest, StoreError};

use super::model::{MailDomain, MailDomainId};

/// The rule "a tenant names a domain of addresses once".
pub const MAIL_DOMAIN_EXISTS: &str = "domain_taken";

/// Domains of addresses of one tenant. What other tenants claim or prove is none of its business.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MailDomainRepository: Send {
    /// `None` when this tenant has no such domain.
    async fn find(&mut self, id: MailDomainId) -> Result<Option<MailDomain>, StoreError>;

    /// All of them, oldest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<MailDomain>, StoreError>;

    /// How many this tenant has.
    async fn count(&mut self) -> Result<u64, StoreError>;

    /// Those of the given ones that this tenant has proved, in no order.
    async fn proved(&mut self, among: &[EmailDomain]) -> Result<Vec<EmailDomain>, StoreError>;

    /// Refused with `StoreError::Conflict(MAIL_DOMAIN_EXISTS)` when this tenant names it already, also under
    /// concurrency.
    async fn insert(&mut self, domain: &MailDomain) -> Result<(), StoreError>;

    /// Writes the proof.
    async fn update(&mut self, domain: &MailDomain) -> Result<(), StoreError>;

    /// Removes it. Removing what is not there is no error.
    async fn delete(&mut self, id: MailDomainId) -> Result<(), StoreError>;
}
