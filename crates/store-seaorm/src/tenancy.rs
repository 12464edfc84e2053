//! Tenancy's ports over the database.

mod access_directory;
mod assignments;
mod belongings;
mod branding;
mod custom_domains;
mod join_directory;
mod join_requests;
mod mail_domains;
mod memberships;
mod ownership;
mod roles;
mod security;
pub(crate) mod tenant_directory;
mod tenants;

use std::sync::Arc;

use tenantry_kernel::{StoreError, TenantScope, async_trait};
use tenantry_tenancy::branding::BrandingRepository;
use tenantry_tenancy::directory::TenantProfiles;
use tenantry_tenancy::domain::{CustomDomainRepository, DOMAIN_TAKEN};
use tenantry_tenancy::joining::{JOIN_REQUESTED, JoinRequestRepository};
use tenantry_tenancy::mail_domain::{MAIL_DOMAIN_EXISTS, MailDomainRepository};
use tenantry_tenancy::membership::{ALREADY_MEMBER, MembershipRepository};
use tenantry_tenancy::ownership::{OwnershipRepository, TRANSFER_PENDING};
use tenantry_tenancy::role::assignment::ROLE_ASSIGNED;
use tenantry_tenancy::role::{ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN, RoleRepository};
use tenantry_tenancy::security::SecurityPolicyRepository;
use tenantry_tenancy::store::{TenancyStore, TenancyUnit};
use tenantry_tenancy::tenant::{SLUG_TAKEN, Tenant, TenantRepository};

use crate::error::Rule;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// The unique indexes of tenancy's tables.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        index: "slug_directory_pkey",
        columns: "slug_directory.slug",
        name: SLUG_TAKEN,
    },
    Rule {
        index: "membership_user_key",
        columns: "membership.tenant_id, membership.user_id",
        name: ALREADY_MEMBER,
    },
    Rule {
        index: "membership_email_key",
        columns: "membership.tenant_id, membership.email",
        name: ALREADY_MEMBER,
    },
    Rule {
        index: "tenant_role_code_key",
        columns: "tenant_role.tenant_id, tenant_role.code_key",
        name: ROLE_NAME_TAKEN,
    },
    Rule {
        index: "tenant_role_name_key",
        columns: "tenant_role.tenant_id, tenant_role.name_key",
        name: ROLE_NAME_TAKEN,
    },
    Rule {
        index: "tenant_role_slot_key",
        columns: "tenant_role.tenant_id, tenant_role.slot",
        name: ROLE_SLOT_TAKEN,
    },
    Rule {
        index: "role_assignment_key",
        columns: "role_assignment.tenant_id, role_assignment.membership_id, role_assignment.role, role_assignment.resource",
        name: ROLE_ASSIGNED,
    },
    Rule {
        index: "ownership_transfer_key",
        columns: "ownership_transfer.tenant_id",
        name: TRANSFER_PENDING,
    },
    Rule {
        index: "custom_domain_host_key",
        columns: "custom_domain.tenant_id, custom_domain.host",
        name: DOMAIN_TAKEN,
    },
    Rule {
        index: "domain_directory_pkey",
        columns: "domain_directory.host",
        name: DOMAIN_TAKEN,
    },
    Rule {
        index: "mail_domain_key",
        columns: "mail_domain.tenant_id, mail_domain.domain",
        name: MAIL_DOMAIN_EXISTS,
    },
    Rule {
        index: "join_request_user_key",
        columns: "join_request.tenant_id, join_request.user_id",
        name: JOIN_REQUESTED,
    },
];

#[async_trait]
impl TenancyStore for SeaOrmStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        Ok(Box::new(self.unit_for(scope).await?))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}

#[async_trait]
impl TenantProfiles for SeaOrmStore {
    async fn profile(&self, scope: &TenantScope) -> Result<Option<Arc<Tenant>>, StoreError> {
        let found = self.read_for(scope).await?.tenants().find().await?;
        Ok(found.map(Arc::new))
    }
}

impl TenancyUnit for SeaOrmUnit {
    fn tenants(&mut self) -> &mut dyn TenantRepository {
        self
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        self
    }

    fn roles(&mut self) -> &mut dyn RoleRepository {
        self
    }

    fn ownership(&mut self) -> &mut dyn OwnershipRepository {
        self
    }

    fn custom_domains(&mut self) -> &mut dyn CustomDomainRepository {
        self
    }

    fn mail_domains(&mut self) -> &mut dyn MailDomainRepository {
        self
    }

    fn join_requests(&mut self) -> &mut dyn JoinRequestRepository {
        self
    }

    fn security_policies(&mut self) -> &mut dyn SecurityPolicyRepository {
        self
    }

    fn branding(&mut self) -> &mut dyn BrandingRepository {
        self
    }
}
