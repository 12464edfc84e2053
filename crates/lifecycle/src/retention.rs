//! For how long history is kept: as long as the tenant's plan says.
//!
//! What a plan does not keep is not shown any longer, and removed soon after. The edition that a tenant has decides,
//! also after its subscription ended; a plan that says nothing keeps everything.

use std::sync::Arc;

use tenantry_activity::audit::{AuditPurge, AuditRetention};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{
    Clock, DomainError, ErrorKind, PageRequest, StoreError, SystemScope, TenantId, TenantScope, async_trait,
};
use tenantry_quotas::directory::UsageRetention;
use tenantry_tenancy::directory::{TenantDirectory, TenantFilter};
use tenantry_tenancy::gate::{EnterError, Gate};

use crate::catalog::Catalog;
use crate::store::LifecycleStore;

/// Knows what the plans of tenants keep.
#[derive(Clone)]
pub struct PlanRetention {
    catalog: Arc<Catalog>,
    store: Arc<dyn LifecycleStore>,
    clock: Arc<dyn Clock>,
}

impl PlanRetention {
    /// Looks the plan up in `store` and what it keeps in `catalog`.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, store: Arc<dyn LifecycleStore>, clock: Arc<dyn Clock>) -> Self {
        Self { catalog, store, clock }
    }
}

#[async_trait]
impl AuditRetention for PlanRetention {
    async fn kept_from(&self, scope: &TenantScope) -> Result<Option<OffsetDateTime>, StoreError> {
        if !self.catalog.forgets() {
            return Ok(None);
        }
        let mut unit = self.store.read_spanning(scope).await?;
        let Some(subscription) = unit.subscriptions().latest().await? else {
            return Ok(None);
        };
        let offer = self.catalog.offer(subscription.plan());
        let days = offer.and_then(|offer| offer.retention_days);
        let now = self.clock.now(scope);
        Ok(days.and_then(|days| now.checked_sub(Duration::days(i64::from(days)))))
    }
}

#[async_trait]
impl UsageRetention for PlanRetention {
    async fn shown_from(&self, scope: &TenantScope) -> Result<Option<OffsetDateTime>, StoreError> {
        self.kept_from(scope).await
    }
}

/// Why a tenant's history could not be purged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PurgeError {
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The store failed.
    #[error("old history could not be removed")]
    Store(#[from] StoreError),
}

impl DomainError for PurgeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Enter(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Enter(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }
}

/// What a purge did.
#[derive(Debug, Default)]
pub struct PurgeReport {
    /// Entries that were removed.
    pub removed: u64,
    /// Tenants that could not be purged, and why. The next run tries them again.
    pub failed: Vec<(TenantId, PurgeError)>,
}

/// What purging needs.
pub struct PurgeParts {
    /// What the plans keep.
    pub retention: PlanRetention,
    /// All tenants.
    pub tenants: Arc<dyn TenantDirectory>,
    /// Removes entries.
    pub log: Arc<dyn AuditPurge>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Removes history that plans do not keep.
pub struct PurgeService(PurgeParts);

/// Entries removed in one transaction.
const BATCH: u32 = 500;
/// Transactions for one tenant in one run, so that a long history keeps no other tenant waiting. The next run goes on.
const BATCHES: u32 = 20;

impl PurgeService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: PurgeParts) -> Self {
        Self(parts)
    }

    /// Removes what is too old, tenant by tenant, in small transactions. One tenant's trouble is not another's.
    ///
    /// # Errors
    /// [`StoreError`] when the tenants cannot be listed.
    pub async fn run(&self, system: &SystemScope) -> Result<PurgeReport, StoreError> {
        let mut report = PurgeReport::default();
        if !self.0.retention.catalog.forgets() {
            return Ok(report);
        }
        let mut page = PageRequest::first();
        loop {
            let found = self.0.tenants.list(system, &TenantFilter::default(), page).await?;
            for tenant in found.items {
                match self.purge(system, tenant).await {
                    Ok(removed) => report.removed += removed,
                    Err(cause) => report.failed.push((tenant, cause)),
                }
            }
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            let Some(Ok(next)) = next else {
                return Ok(report);
            };
            page = next;
        }
    }

    async fn purge(&self, system: &SystemScope, tenant: TenantId) -> Result<u64, PurgeError> {
        let scope = self.0.gate.enter_as_system(tenant, "history_purge").await?;
        let Some(kept_from) = self.0.retention.kept_from(&scope).await? else {
            return Ok(0);
        };
        let mut removed = 0;
        for _ in 0..BATCHES {
            let batch = self.0.log.purge_audit(system, tenant, kept_from, BATCH).await?;
            removed += batch;
            if batch < u64::from(BATCH) {
                break;
            }
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
