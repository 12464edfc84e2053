//! The storage port of custom domains.

use async_trait::async_trait;
use tenantry_kernel::{Page, PageRequest, StoreError};

use crate::domain::{CustomDomain, CustomDomainId};

/// The rule "a verified host belongs to one tenant, and a tenant names a host once".
pub const DOMAIN_TAKEN: &str = "domain_taken";

/// Custom domains of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CustomDomainRepository: Send {
    /// `None` when this tenant has no such domain.
    async fn find(&mut self, id: CustomDomainId) -> Result<Option<CustomDomain>, StoreError>;

    /// All of them, oldest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<CustomDomain>, StoreError>;

    /// How many this tenant has.
    async fn count(&mut self) -> Result<u64, StoreError>;

    /// Refused with `StoreError::Conflict(DOMAIN_TAKEN)` when this tenant names the host already, or
    /// another one has verified it.
    async fn insert(&mut self, domain: &CustomDomain) -> Result<(), StoreError>;

    /// Writes the verification, and enters a verified host into the platform's directory.
    /// Refused with `StoreError::Conflict(DOMAIN_TAKEN)` when another tenant has verified the host, also
    /// under concurrency.
    async fn update(&mut self, domain: &CustomDomain) -> Result<(), StoreError>;

    /// Removes it, from the platform's directory too. Removing what is not there is no error.
    async fn delete(&mut self, id: CustomDomainId) -> Result<(), StoreError>;
}
