//! What the tenants of a person ask of their password.

use std::sync::Arc;

use tenantry_identity::password::{PasswordDemand, PasswordDemands, TenantAsks};
use tenantry_kernel::{StoreError, UserId, async_trait};
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::security::SecurityPolicy;

/// Reads the policies of all tenants that a person belongs to.
pub struct TenantsDemands {
    directory: Arc<dyn AccessDirectory>,
}

impl TenantsDemands {
    /// Asks this directory.
    #[must_use]
    pub fn new(directory: Arc<dyn AccessDirectory>) -> Self {
        Self { directory }
    }
}

#[async_trait]
impl PasswordDemands for TenantsDemands {
    async fn of(&self, user: UserId) -> Result<PasswordDemand, StoreError> {
        let mut demand = PasswordDemand::default();
        for (tenant, membership) in self.directory.memberships_of_user(user).await? {
            let member = self.directory.member(tenant, membership).await?;
            // Whoever merely invited somebody decides nothing about their password yet.
            if member.is_none_or(|member| member.status != MembershipState::Active) {
                continue;
            }
            if let Some(tenant) = self.directory.tenant(tenant).await? {
                demand.raise(asked_by(&tenant.security, [tenant.name.as_str(), tenant.slug.as_str()]));
            }
        }
        Ok(demand)
    }
}

/// What a tenant with this policy asks that is called so.
pub(crate) fn asked_by<'a>(policy: &SecurityPolicy, words: impl IntoIterator<Item = &'a str>) -> TenantAsks {
    TenantAsks {
        min_length: policy.password.min_length,
        min_strength: policy.password.min_strength,
        forbid_breached: policy.password.forbid_breached,
        two_factors: policy.mfa_required,
        words: words.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use tenantry_tenancy::role::SystemRole;
    use tenantry_tenancy::testing::{
        MockAccessDirectory, member_access, membership_id, tenant_access, tenant_id, user_id,
    };

    use super::*;

    #[tokio::test]
    async fn the_strictest_tenant_counts_of_which_one_is_an_active_member() {
        let mut directory = MockAccessDirectory::new();
        let seats = [1, 2, 3].map(|number| (tenant_id(number), membership_id(number)));
        directory
            .expect_memberships_of_user()
            .returning(move |_| Ok(seats.to_vec()));
        directory.expect_member().returning(|_, membership| {
            let mut member = member_access(1, SystemRole::Member);
            if membership == membership_id(3) {
                member.status = MembershipState::Deactivated;
            }
            Ok(Some(Arc::new(member)))
        });
        directory.expect_tenant().returning(|tenant| {
            let mut policy = SecurityPolicy::default();
            policy.password.min_length = match tenant {
                tenant if tenant == tenant_id(1) => Some(12),
                tenant if tenant == tenant_id(2) => Some(15),
                _ => Some(40),
            };
            policy.password.min_strength = (tenant == tenant_id(1)).then_some(3);
            policy.password.forbid_breached = tenant == tenant_id(3);
            policy.mfa_required = tenant != tenant_id(3);
            let mut access = tenant_access(1, "acme");
            access.security = Arc::new(policy);
            Ok(Some(Arc::new(access)))
        });

        let demand = TenantsDemands::new(Arc::new(directory)).of(user_id(1)).await.unwrap();

        assert_eq!((demand.min_length(), demand.min_strength()), (Some(15), 3));
        assert!(demand.wants_two_factors() && !demand.forbids_breached());
        assert!(demand.words().contains(&"acme".to_owned()), "{:?}", demand.words());
    }
}
