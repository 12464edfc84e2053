//! Visits of support, for every call they make.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_identity::support::{Impersonation, SupportDirectory};
use tenantry_kernel::id::ImpersonationId;
use tenantry_kernel::{StoreError, SystemScope, TenantId};
use time::OffsetDateTime;

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// A [`SupportDirectory`] that remembers visits and consents.
pub struct CachedSupport {
    inner: Arc<dyn SupportDirectory>,
    visits: Facts<(TenantId, ImpersonationId), Arc<Impersonation>>,
    agreed: Facts<TenantId, OffsetDateTime>,
}

impl CachedSupport {
    /// Remembers up to `capacity` of each.
    #[must_use]
    pub fn new(inner: Arc<dyn SupportDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            visits: Facts::new(capacity, Arc::clone(revocations)),
            agreed: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl SupportDirectory for CachedSupport {
    async fn visit(&self, tenant: TenantId, id: ImpersonationId) -> Result<Option<Arc<Impersonation>>, StoreError> {
        let load = || self.inner.visit(tenant, id);
        self.visits.get_or_load((tenant, id), Owner::Tenant(tenant), load).await
    }

    async fn agreed_until(&self, tenant: TenantId) -> Result<Option<OffsetDateTime>, StoreError> {
        let load = || self.inner.agreed_until(tenant);
        self.agreed.get_or_load(tenant, Owner::Tenant(tenant), load).await
    }

    async fn running_visit(
        &self,
        scope: &SystemScope,
        now: OffsetDateTime,
        id: ImpersonationId,
    ) -> Result<Option<Impersonation>, StoreError> {
        self.inner.running_visit(scope, now, id).await
    }

    // Operators look at it now and then.
    async fn running(
        &self,
        scope: &SystemScope,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Impersonation>, StoreError> {
        self.inner.running(scope, now, limit).await
    }
}
