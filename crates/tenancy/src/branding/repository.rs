//! The storage ports of branding.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantId};

use super::model::{Brand, Branding};

/// The looks of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BrandingRepository: Send {
    /// Version 0 when the tenant never set any.
    async fn find(&mut self) -> Result<Branding, StoreError>;

    /// Writes every field and counts the stored version up by one; the first time it adds the row.
    /// Refused with `StoreError::Stale` when the stored version is not `branding.version()`, also under concurrency.
    async fn put(&mut self, branding: &Branding) -> Result<(), StoreError>;
}

/// Tenants as they show themselves to anybody: what a public page and a mail need.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BrandDirectory: Send + Sync {
    /// The tenant's name and looks; `None` when there is no such tenant. Pinned to `tenant`.
    async fn brand(&self, tenant: TenantId) -> Result<Option<Brand>, StoreError>;
}
