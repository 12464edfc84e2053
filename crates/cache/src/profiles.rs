//! Tenants as they show themselves.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantId, TenantScope};
use tenantry_tenancy::directory::TenantProfiles;
use tenantry_tenancy::tenant::Tenant;

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// A [`TenantProfiles`] that remembers.
pub struct CachedProfiles {
    inner: Arc<dyn TenantProfiles>,
    profiles: Facts<TenantId, Arc<Tenant>>,
}

impl CachedProfiles {
    /// Remembers those of up to `capacity` tenants.
    #[must_use]
    pub fn new(inner: Arc<dyn TenantProfiles>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            profiles: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl TenantProfiles for CachedProfiles {
    async fn profile(&self, scope: &TenantScope) -> Result<Option<Arc<Tenant>>, StoreError> {
        let tenant = scope.tenant_id();
        let load = || self.inner.profile(scope);
        self.profiles.get_or_load(tenant, Owner::Tenant(tenant), load).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_tenancy::directory::MockTenantProfiles;
    use tenantry_tenancy::testing::tenant;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_tenant_is_read_once_per_commit_and_each_for_itself() {
        let mut inner = MockTenantProfiles::new();
        inner.expect_profile().times(3).returning(|scope| {
            let number = scope.tenant_id().as_uuid().as_u128();
            Ok(Some(Arc::new(tenant(number, "acme"))))
        });
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        let cached = CachedProfiles::new(Arc::new(inner), 10, &revocations);
        let (one, two) = (TenantScope::for_test(1, &[]), TenantScope::for_test(2, &[]));
        let shown = async |scope: &TenantScope| cached.profile(scope).await.unwrap().unwrap().id();

        assert_eq!(
            (shown(&one).await, shown(&one).await),
            (one.tenant_id(), one.tenant_id())
        );
        assert_eq!(shown(&two).await, two.tenant_id());
        revocations.committed(Committed {
            tenant: Some(one.tenant_id()),
            user: None,
        });
        assert_eq!(
            (shown(&one).await, shown(&two).await),
            (one.tenant_id(), two.tenant_id())
        );
    }
}
