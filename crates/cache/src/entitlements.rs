//! Entitlements, for the counting of usage.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantId};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::entitlement::Entitlements;

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// An [`EntitlementSource`] that remembers what tenants may use.
pub struct CachedEntitlements {
    inner: Arc<dyn EntitlementSource>,
    entitlements: Facts<TenantId, Arc<Entitlements>>,
}

impl CachedEntitlements {
    /// Remembers those of up to `capacity` tenants.
    #[must_use]
    pub fn new(inner: Arc<dyn EntitlementSource>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            entitlements: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl EntitlementSource for CachedEntitlements {
    async fn of(&self, tenant: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError> {
        let load = || self.inner.of(tenant);
        self.entitlements.get_or_load(tenant, Owner::Tenant(tenant), load).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_quotas::directory::MockEntitlementSource;
    use tenantry_quotas::testing::entitlements;
    use tokio::time::Instant;
    use uuid::Uuid;

    #[tokio::test(start_paused = true)]
    async fn a_plan_change_is_seen_with_its_commit() {
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let mut versions = vec!["new", "old"];
        let mut inner = MockEntitlementSource::new();
        inner.expect_of().times(2).returning(move |_| {
            let plan_version = versions.pop().unwrap().to_owned();
            Ok(Some(Arc::new(Entitlements {
                plan_version,
                ..entitlements(&[])
            })))
        });
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        let cached = CachedEntitlements::new(Arc::new(inner), 10, &revocations);
        let version = async || cached.of(tenant).await.unwrap().unwrap().plan_version.clone();

        assert_eq!((version().await, version().await), ("old".to_owned(), "old".to_owned()));
        revocations.committed(Committed {
            tenant: Some(tenant),
            user: None,
        });
        assert_eq!((version().await, version().await), ("new".to_owned(), "new".to_owned()));
    }
}
