//! Service accounts, for every call they make.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_identity::service_account::{ServiceAccount, ServiceAccountDirectory};
use tenantry_kernel::id::ServiceAccountId;
use tenantry_kernel::{StoreError, TenantId};

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// A [`ServiceAccountDirectory`] that remembers accounts.
pub struct CachedServiceAccounts {
    inner: Arc<dyn ServiceAccountDirectory>,
    accounts: Facts<(TenantId, ServiceAccountId), Arc<ServiceAccount>>,
}

impl CachedServiceAccounts {
    /// Remembers up to `capacity` accounts.
    #[must_use]
    pub fn new(inner: Arc<dyn ServiceAccountDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            accounts: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl ServiceAccountDirectory for CachedServiceAccounts {
    async fn service_account(
        &self,
        tenant: TenantId,
        account: ServiceAccountId,
    ) -> Result<Option<Arc<ServiceAccount>>, StoreError> {
        let load = || self.inner.service_account(tenant, account);
        self.accounts
            .get_or_load((tenant, account), Owner::Tenant(tenant), load)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_identity::service_account::MockServiceAccountDirectory;
    use tenantry_identity::testing::fixtures::{service_account, tenant_id};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn an_account_is_loaded_once_per_commit_of_its_tenant() {
        let mut inner = MockServiceAccountDirectory::new();
        inner
            .expect_service_account()
            .times(2)
            .returning(|_, _| Ok(Some(Arc::new(service_account(1)))));
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        let cached = CachedServiceAccounts::new(Arc::new(inner), 10, &revocations);

        for round in 0..6 {
            if round == 3 {
                revocations.committed(Committed {
                    tenant: Some(tenant_id(1)),
                    user: None,
                });
            }
            let found = cached.service_account(tenant_id(1), service_account(1).id()).await;
            assert!(found.unwrap().is_some());
        }
    }
}
