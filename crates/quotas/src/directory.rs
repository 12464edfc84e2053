//! Look-ups beside the units: what a tenant may use, before anything is opened, and which plan would lift a limit.

use std::sync::Arc;

use tenantry_kernel::{Code, StoreError, TenantId, TenantScope, async_trait};
use time::OffsetDateTime;

use crate::entitlement::Entitlements;
use crate::limit::Reach;

/// What tenants may use. Implementations cache; a change is seen on every node within a second.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EntitlementSource: Send + Sync {
    /// The tenant's entitlements with overrides; `None` before a plan took effect.
    async fn of(&self, tenant: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError>;
}

/// Under whose limits a tenant uses something; `None` before a plan took effect. One look-up for the tenant and one
/// for the pool it is in; both are from memory once they are warm.
///
/// # Errors
/// The store's.
pub async fn reach_of(source: &dyn EntitlementSource, tenant: TenantId) -> Result<Option<Reach>, StoreError> {
    let Some(entitlements) = source.of(tenant).await? else {
        return Ok(None);
    };
    let pool = match entitlements.pool {
        Some(pool) => source.of(pool).await?.map(|granted| (pool, granted)),
        None => None,
    };
    Ok(Some(Reach {
        tenant,
        entitlements,
        pool,
    }))
}

/// For how long a tenant's usage log is shown.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageRetention: Send + Sync {
    /// Since when it is shown; `None` is all of it. What is not shown still counts.
    async fn shown_from(&self, scope: &TenantScope) -> Result<Option<OffsetDateTime>, StoreError>;
}

/// The plans on offer, from small to large.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait PlanLadder: Send + Sync {
    /// The next plan after `current` that allows `needed` of a meter; `None` when none does.
    fn lifting(&self, current: &Code, meter: &Code, needed: i64) -> Option<Code>;

    /// The next plan after `current` that has a feature; `None` when none does.
    fn granting(&self, current: &Code, feature: &Code) -> Option<Code>;
}
