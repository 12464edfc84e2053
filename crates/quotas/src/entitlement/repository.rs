//! Where entitlements are kept.

use tenantry_kernel::{Code, StoreError, async_trait};

use crate::entitlement::model::{Entitlements, LimitOverride};

/// What one tenant is entitled to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EntitlementRepository: Send {
    /// With the overrides; `None` before a plan took effect.
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError>;

    /// Puts the plan's grants in the place of what was there. Overrides stay as stored: the ones in
    /// `entitlements` are not written.
    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError>;

    /// Sets or changes the override of its meter.
    async fn put_override(&mut self, change: &LimitOverride) -> Result<(), StoreError>;

    /// Takes the override of a meter away; false when there was none.
    async fn delete_override(&mut self, meter: &Code) -> Result<bool, StoreError>;
}
