//! The storage port of the tenant.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use crate::tenant::Tenant;

/// The rule "a slug belongs to one tenant".
pub const SLUG_TAKEN: &str = "slug_taken";

/// The one tenant that the unit is bound to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantRepository: Send {
    /// This unit's tenant; `None` before it is founded.
    async fn find(&mut self) -> Result<Option<Tenant>, StoreError>;

    /// Founds it. Refused with `StoreError::Conflict(SLUG_TAKEN)` when the slug belongs to another tenant,
    /// also under concurrency.
    async fn insert(&mut self, tenant: &Tenant) -> Result<(), StoreError>;

    /// Writes every field and counts the stored version up by one.
    /// Refused with `StoreError::Stale` when the stored version is not `tenant.version()`.
    async fn update(&mut self, tenant: &Tenant) -> Result<(), StoreError>;
}
