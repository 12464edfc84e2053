//! Where entitlements are kept.

use tenantry_kernel::{Code, StoreError, TenantId, async_trait};

use crate::account::Subject;
use crate::entitlement::model::{Entitlements, LimitOverride};

/// What one tenant is entitled to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EntitlementRepository: Send {
    /// With the overrides; `None` before a plan took effect.
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError>;

    /// Puts the plan's grants in the place of what was there and counts the revision up. Overrides, pool and, where
    /// there was a plan before, time zone stay as stored: the ones in `entitlements` are not written.
    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError>;

    /// Sets or changes the override of its meter and subject, and counts the revision up.
    async fn put_override(&mut self, change: &LimitOverride) -> Result<(), StoreError>;

    /// Takes the override of a meter and subject away and counts the revision up; false when there was none.
    async fn delete_override(&mut self, meter: &Code, subject: &Subject) -> Result<bool, StoreError>;

    /// Puts the tenant into another tenant's pool, or out of any, and counts the revision up.
    async fn put_pool(&mut self, pool: Option<TenantId>) -> Result<(), StoreError>;
}
