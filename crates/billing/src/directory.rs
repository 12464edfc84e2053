//! Look-ups across tenants for the worker. They answer with tenants to be entered one at a time.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, SystemScope, TenantId};
use time::OffsetDateTime;

/// Tenants whose subscription is due.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DueSubscriptions: Send + Sync {
    /// Tenants with a live subscription whose period ended at or before `now`, longest due first.
    async fn due(&self, scope: &SystemScope, now: OffsetDateTime, limit: u32) -> Result<Vec<TenantId>, StoreError>;
}

/// Tenants whose payment was begun and never finished.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PendingPayments: Send + Sync {
    /// Tenants with a pending attempt begun at or before `begun_before`, oldest first. A caller passes a time a
    /// little in the past, so that payments in flight are left to the request that began them.
    async fn pending(
        &self,
        scope: &SystemScope,
        begun_before: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError>;
}

/// Tenants with an unpaid invoice on which a step is to be taken.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OverdueInvoices: Send + Sync {
    /// Tenants with an open invoice that has no dunning case yet, or whose case says that its next step is to be taken
    /// at or before `now`; each tenant once, in the order of their ids.
    async fn overdue(&self, scope: &SystemScope, now: OffsetDateTime, limit: u32) -> Result<Vec<TenantId>, StoreError>;
}
