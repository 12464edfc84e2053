//! Tenants and members, for the gate.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::{StoreError, TenantId};
use tenantry_tenancy::directory::{AccessDirectory, MemberAccess, TenantAccess};

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// An [`AccessDirectory`] that remembers tenants, members, slugs and hosts.
pub struct CachedAccess {
    inner: Arc<dyn AccessDirectory>,
    tenants: Facts<TenantId, Arc<TenantAccess>>,
    members: Facts<(TenantId, MembershipId), Arc<MemberAccess>>,
    slugs: Facts<Box<str>, TenantId>,
    hosts: Facts<Box<str>, TenantId>,
}

impl CachedAccess {
    /// Remembers up to `capacity` of each.
    #[must_use]
    pub fn new(inner: Arc<dyn AccessDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            tenants: Facts::new(capacity, Arc::clone(revocations)),
            members: Facts::new(capacity, Arc::clone(revocations)),
            slugs: Facts::new(capacity, Arc::clone(revocations)),
            hosts: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl AccessDirectory for CachedAccess {
    async fn tenant(&self, tenant: TenantId) -> Result<Option<Arc<TenantAccess>>, StoreError> {
        let load = || self.inner.tenant(tenant);
        self.tenants.get_or_load(tenant, Owner::Tenant(tenant), load).await
    }

    async fn member(
        &self,
        tenant: TenantId,
        membership: MembershipId,
    ) -> Result<Option<Arc<MemberAccess>>, StoreError> {
        let load = || self.inner.member(tenant, membership);
        let key = (tenant, membership);
        self.members.get_or_load(key, Owner::Tenant(tenant), load).await
    }

    // Signing in and switching ask these two; they are not worth a cache.
    async fn membership_of(&self, tenant: TenantId, user: UserId) -> Result<Option<MembershipId>, StoreError> {
        self.inner.membership_of(tenant, user).await
    }

    async fn memberships_of_user(&self, user: UserId) -> Result<Vec<(TenantId, MembershipId)>, StoreError> {
        self.inner.memberships_of_user(user).await
    }

    async fn tenant_by_slug(&self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        let load = || self.inner.tenant_by_slug(slug);
        let owner_of = |tenant: &TenantId| Owner::Tenant(*tenant);
        self.slugs.get_or_load_by(slug.into(), owner_of, load).await
    }

    async fn tenant_by_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        let load = || self.inner.tenant_by_host(host);
        let owner_of = |tenant: &TenantId| Owner::Tenant(*tenant);
        self.hosts.get_or_load_by(host.into(), owner_of, load).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_tenancy::role::SystemRole;
    use tenantry_tenancy::testing::{MockAccessDirectory, member_access, membership_id, tenant_access, tenant_id};
    use tokio::time::Instant;

    fn heard() -> Arc<Revocations> {
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        revocations
    }

    fn commit(number: u128) -> Committed {
        Committed {
            tenant: Some(tenant_id(number)),
            user: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn everything_the_gate_asks_is_loaded_once_per_commit() {
        let mut inner = MockAccessDirectory::new();
        inner
            .expect_tenant()
            .times(2)
            .returning(|_| Ok(Some(Arc::new(tenant_access(1, "acme")))));
        inner
            .expect_member()
            .times(2)
            .returning(|_, _| Ok(Some(Arc::new(member_access(5, SystemRole::Owner)))));
        inner
            .expect_tenant_by_slug()
            .times(2)
            .returning(|_| Ok(Some(tenant_id(1))));
        inner
            .expect_tenant_by_host()
            .times(2)
            .returning(|_| Ok(Some(tenant_id(1))));
        let revocations = heard();
        let cached = CachedAccess::new(Arc::new(inner), 100, &revocations);

        for round in 0..6 {
            if round == 3 {
                revocations.committed(commit(1));
            }
            assert_eq!(cached.tenant(tenant_id(1)).await.unwrap().unwrap().id, tenant_id(1));
            let member = cached.member(tenant_id(1), membership_id(5)).await.unwrap().unwrap();
            assert_eq!(member.membership, membership_id(5));
            assert_eq!(cached.tenant_by_slug("acme").await.unwrap(), Some(tenant_id(1)));
            assert_eq!(cached.tenant_by_host("app.acme.com").await.unwrap(), Some(tenant_id(1)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_tenants_member_is_not_anothers() {
        let mut inner = MockAccessDirectory::new();
        inner
            .expect_member()
            .times(2)
            .returning(|tenant, _| Ok((tenant == tenant_id(1)).then(|| Arc::new(member_access(5, SystemRole::Owner)))));
        let cached = CachedAccess::new(Arc::new(inner), 100, &heard());

        assert!(cached.member(tenant_id(1), membership_id(5)).await.unwrap().is_some());
        assert!(cached.member(tenant_id(2), membership_id(5)).await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_slug_is_looked_up_again_and_found_once_taken() {
        let mut inner = MockAccessDirectory::new();
        let mut answers = vec![Some(tenant_id(1)), None];
        inner
            .expect_tenant_by_slug()
            .times(2)
            .returning(move |_| Ok(answers.pop().unwrap()));
        let cached = CachedAccess::new(Arc::new(inner), 100, &heard());

        assert_eq!(cached.tenant_by_slug("acme").await.unwrap(), None);
        assert_eq!(cached.tenant_by_slug("acme").await.unwrap(), Some(tenant_id(1)));
        assert_eq!(cached.tenant_by_slug("acme").await.unwrap(), Some(tenant_id(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_moves_leaves_with_the_commit_of_its_former_owner() {
        let mut inner = MockAccessDirectory::new();
        let mut answers = vec![tenant_id(2), tenant_id(1)];
        inner
            .expect_tenant_by_host()
            .times(2)
            .returning(move |_| Ok(answers.pop()));
        let revocations = heard();
        let cached = CachedAccess::new(Arc::new(inner), 100, &revocations);
        cached.tenant_by_host("app.acme.com").await.unwrap();

        revocations.committed(commit(1));

        assert_eq!(cached.tenant_by_host("app.acme.com").await.unwrap(), Some(tenant_id(2)));
    }
}
