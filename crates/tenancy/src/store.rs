//! Opening units of work over one tenant's tenancy data.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantScope, Transaction};

use crate::branding::BrandingRepository;
use crate::domain::CustomDomainRepository;
use crate::joining::JoinRequestRepository;
use crate::mail_domain::MailDomainRepository;
use crate::membership::MembershipRepository;
use crate::ownership::OwnershipRepository;
use crate::role::RoleRepository;
use crate::security::SecurityPolicyRepository;
use crate::tenant::TenantRepository;

/// One transaction over one tenant, its members and its domains.
pub trait TenancyUnit: Transaction {
    /// The tenant itself.
    fn tenants(&mut self) -> &mut dyn TenantRepository;
    /// Its members.
    fn memberships(&mut self) -> &mut dyn MembershipRepository;
    /// The roles that it defines for itself.
    fn roles(&mut self) -> &mut dyn RoleRepository;
    /// The offer of its ownership.
    fn ownership(&mut self) -> &mut dyn OwnershipRepository;
    /// Its custom domains.
    fn custom_domains(&mut self) -> &mut dyn CustomDomainRepository;
    /// Its domains of addresses.
    fn mail_domains(&mut self) -> &mut dyn MailDomainRepository;
    /// Requests to join it.
    fn join_requests(&mut self) -> &mut dyn JoinRequestRepository;
    /// Its security policy.
    fn security_policies(&mut self) -> &mut dyn SecurityPolicyRepository;
    /// How it shows itself.
    fn branding(&mut self) -> &mut dyn BrandingRepository;
}

/// Opens units bound to the tenant of a scope.
#[async_trait]
pub trait TenancyStore: Send + Sync {
    /// Begins a unit that may write.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError>;

    /// Begins a unit that only reads: cheaper, and never in a writer's way.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError>;
}
