//! Doubles for this domain's ports, and fixtures.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Code, EmailAddress, EmailDomain, Event, PermissionSet, StoreError, TenantId, TenantScope, Transaction,
};

pub use crate::branding::repository::{MockBrandDirectory, MockBrandingRepository};
pub use crate::directory::{MockAccessDirectory, MockTenantDirectory};
pub use crate::domain::repository::MockCustomDomainRepository;
pub use crate::domain::resolver::MockTxtResolver;
pub use crate::joining::repository::MockJoinRequestRepository;
pub use crate::mail_domain::repository::MockMailDomainRepository;
pub use crate::membership::repository::MockMembershipRepository;
pub use crate::ownership::repository::MockOwnershipRepository;
pub use crate::role::repository::MockRoleRepository;
pub use crate::security::repository::MockSecurityPolicyRepository;
pub use crate::tenant::repository::MockTenantRepository;

use crate::branding::BrandingRepository;
use crate::directory::{MemberAccess, TenantAccess};
use crate::domain::CustomDomainRepository;
use crate::joining::{JoinRequest, JoinRequestId, JoinRequestRepository};
use crate::locale::{Locale, Timezone};
use crate::mail_domain::{MailDomain, MailDomainId, MailDomainRepository};
use crate::membership::{Membership, MembershipDetails, MembershipRepository, MembershipState};
use crate::ownership::OwnershipRepository;
use crate::permissions;
use crate::role::own::Remembered;
use crate::role::{
    AssignmentId, Grant, InvalidRoleBook, OwnRole, OwnRoles, RoleAssignment, RoleBook, RoleDefinition, RoleDraft,
    RoleId, RoleKind, RoleRepository, SystemRole,
};
use crate::security::{SecurityPolicy, SecurityPolicyRepository};
use crate::store::{TenancyStore, TenancyUnit};
use crate::tenant::{Profile, Slug, Tenant, TenantRepository, TenantStatus};
use crate::text::DisplayName;

/// The moment at which fixtures happen: 2026-03-01 12:00 UTC.
pub const NOW: OffsetDateTime = time::macros::datetime!(2026-03-01 12:00 UTC);

/// One mock per repository: set expectations, then turn them into a store. The tenant has no roles of its own, and its
/// members no further ones, unless a mock that knows nothing takes the place of the one that says so.
pub struct FakeTenancy {
    /// Of the tenant.
    pub tenants: MockTenantRepository,
    /// Of its members.
    pub memberships: MockMembershipRepository,
    /// Of its own roles.
    pub roles: MockRoleRepository,
    /// Of the offer of its ownership.
    pub ownership: MockOwnershipRepository,
    /// Of its domains.
    pub custom_domains: MockCustomDomainRepository,
    /// Of its domains of addresses.
    pub mail_domains: MockMailDomainRepository,
    /// Of requests to join it.
    pub join_requests: MockJoinRequestRepository,
    /// Of its security policy.
    pub security_policies: MockSecurityPolicyRepository,
    /// Of its looks.
    pub branding: MockBrandingRepository,
    /// How many of the first commits lose their race.
    pub lost_commits: u8,
}

impl Default for FakeTenancy {
    fn default() -> Self {
        let mut memberships = MockMembershipRepository::new();
        memberships.expect_assignments().returning(|_| Ok(Vec::new()));
        let mut roles = MockRoleRepository::new();
        roles.expect_all().returning(|| Ok(Vec::new()));
        roles.expect_hold().returning(|| Ok(Vec::new()));
        Self {
            tenants: MockTenantRepository::new(),
            memberships,
            roles,
            ownership: MockOwnershipRepository::new(),
            security_policies: MockSecurityPolicyRepository::new(),
            custom_domains: MockCustomDomainRepository::new(),
            mail_domains: MockMailDomainRepository::new(),
            join_requests: MockJoinRequestRepository::new(),
            branding: MockBrandingRepository::new(),
            lost_commits: 0,
        }
    }
}

impl FakeTenancy {
    /// The store as services take it, and what it will have committed.
    #[must_use]
    pub fn into_store(self) -> (Arc<dyn TenancyStore>, Outcome) {
        let outcome = Outcome::default();
        let store = FakeTenancyStore {
            parked: Arc::new(Mutex::new(Some(self))),
            outcome: outcome.clone(),
        };
        (Arc::new(store), outcome)
    }
}

/// What the units of a fake store have committed.
#[derive(Clone, Debug, Default)]
pub struct Outcome(Arc<Mutex<Vec<Vec<Event>>>>);

impl Outcome {
    /// The events of the only commit; `None` when nothing was committed.
    #[must_use]
    pub fn events(&self) -> Option<Vec<Event>> {
        self.commits().pop()
    }

    /// The events of each commit, in order.
    #[must_use]
    pub fn commits(&self) -> Vec<Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The actions of everything committed, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.commits().iter().flatten().map(|event| event.action).collect()
    }
}

type Parked = Arc<Mutex<Option<FakeTenancy>>>;

struct FakeTenancyStore {
    parked: Parked,
    outcome: Outcome,
}

impl FakeTenancyStore {
    fn open(&self) -> Result<Box<dyn TenancyUnit>, StoreError> {
        let fakes = self.parked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fakes = fakes.ok_or_else(|| StoreError::Backend("a unit is open already".into()))?;
        Ok(Box::new(FakeUnit {
            fakes,
            parked: Arc::clone(&self.parked),
            outcome: self.outcome.clone(),
        }))
    }
}

#[async_trait]
impl TenancyStore for FakeTenancyStore {
    async fn begin(&self, _scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        self.open()
    }

    async fn read(&self, _scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        self.open()
    }
}

struct FakeUnit {
    fakes: FakeTenancy,
    parked: Parked,
    outcome: Outcome,
}

impl TenancyUnit for FakeUnit {
    fn tenants(&mut self) -> &mut dyn TenantRepository {
        &mut self.fakes.tenants
    }
    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        &mut self.fakes.memberships
    }
    fn roles(&mut self) -> &mut dyn RoleRepository {
        &mut self.fakes.roles
    }
    fn ownership(&mut self) -> &mut dyn OwnershipRepository {
        &mut self.fakes.ownership
    }
    fn custom_domains(&mut self) -> &mut dyn CustomDomainRepository {
        &mut self.fakes.custom_domains
    }
    fn mail_domains(&mut self) -> &mut dyn MailDomainRepository {
        &mut self.fakes.mail_domains
    }
    fn join_requests(&mut self) -> &mut dyn JoinRequestRepository {
        &mut self.fakes.join_requests
    }
    fn security_policies(&mut self) -> &mut dyn SecurityPolicyRepository {
        &mut self.fakes.security_policies
    }

    fn branding(&mut self) -> &mut dyn BrandingRepository {
        &mut self.fakes.branding
    }
}

#[async_trait]
impl Transaction for FakeUnit {
    async fn commit(mut self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        if let Some(left) = self.fakes.lost_commits.checked_sub(1) {
            self.fakes.lost_commits = left;
            return Err(StoreError::Contended);
        }
        let mut commits = self.outcome.0.lock().unwrap_or_else(PoisonError::into_inner);
        commits.push(events);
        Ok(())
    }
}

/// Mocks go back to the store, so that the next unit finds their remaining expectations.
impl Drop for FakeUnit {
    fn drop(&mut self) {
        let fakes = std::mem::take(&mut self.fakes);
        *self.parked.lock().unwrap_or_else(PoisonError::into_inner) = Some(fakes);
    }
}

/// The tenant id of `TenantScope::for_test(number, ..)`.
#[must_use]
pub const fn tenant_id(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// A membership id by number.
#[must_use]
pub const fn membership_id(number: u128) -> MembershipId {
    MembershipId::from_uuid(Uuid::from_u128(number))
}

/// A user id by number.
#[must_use]
pub const fn user_id(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// An active tenant named after its slug.
///
/// # Panics
/// When the slug is none.
#[must_use]
pub fn tenant(number: u128, slug: &str) -> Tenant {
    let profile = Profile {
        name: valid(DisplayName::try_from(slug)),
        billing_email: valid(EmailAddress::try_from("billing@example.com")),
        phone: None,
        timezone: Timezone::utc(),
        locale: Locale::english(),
        company_size: None,
        use_case: None,
        region: None,
    };
    Tenant::found(tenant_id(number), valid(Slug::try_from(slug)), profile, NOW)
}

/// What the gate knows of `tenant(number, slug)`.
#[must_use]
pub fn tenant_access(number: u128, slug: &str) -> TenantAccess {
    let tenant = tenant(number, slug);
    TenantAccess {
        id: tenant.id(),
        slug: tenant.slug().clone(),
        name: tenant.name().clone(),
        status: TenantStatus::Active,
        timezone: Timezone::utc(),
        roles: OwnRoles::none(),
        security: Arc::new(SecurityPolicy::default()),
    }
}

/// An active member with a role; user and address are named after the number.
#[must_use]
pub fn member(number: u128, role: SystemRole) -> Membership {
    Membership::join(membership_id(number), details(number, role), NOW)
}

/// What a tenant knows of member `number`.
#[must_use]
pub fn details(number: u128, role: SystemRole) -> MembershipDetails {
    MembershipDetails {
        user: user_id(number + 1_000),
        email: valid(EmailAddress::try_from(format!("member{number}@example.com"))),
        name: Some(valid(DisplayName::try_from(format!("Member {number}")))),
        role: valid(Code::try_from(role.as_str())),
        extra: PermissionSet::default(),
        department: None,
        position: None,
    }
}

/// What the gate knows of `member(number, role)`.
#[must_use]
pub fn member_access(number: u128, role: SystemRole) -> MemberAccess {
    MemberAccess {
        membership: membership_id(number),
        user: user_id(number + 1_000),
        role: valid(Code::try_from(role.as_str())),
        extra: PermissionSet::default(),
        status: MembershipState::Active,
        assigned: Vec::new(),
        remembered: Remembered::default(),
    }
}

/// A role that a tenant defines: its title is its code, its number its slot.
///
/// # Panics
/// When the code or a grant is none.
#[must_use]
pub fn own_role(number: u16, code: &str, grants: &[&str]) -> OwnRole {
    let draft = RoleDraft {
        name: valid(DisplayName::try_from(code)),
        description: None,
        grants: grants.iter().map(|grant| valid(Grant::restore(grant))).collect(),
    };
    let id = RoleId::from_uuid(Uuid::from_u128(u128::from(number)));
    OwnRole::define(id, number, valid(Code::try_from(code)), draft, NOW)
}

/// A further role of member `member`.
///
/// # Panics
/// When the role or the resource is none.
#[must_use]
pub fn assignment(number: u128, member: u128, role: &str, resource: Option<&str>) -> RoleAssignment {
    RoleAssignment {
        id: AssignmentId::from_uuid(Uuid::from_u128(number)),
        membership: membership_id(member),
        role: valid(Code::try_from(role)),
        resource: resource.map(|resource| valid(tenantry_kernel::Resource::try_from(resource))),
        created_at: NOW,
    }
}

/// A domain of addresses that is claimed, with a token of its number.
///
/// # Panics
/// When the domain is none.
#[must_use]
pub fn mail_domain(number: u128, domain: &str) -> MailDomain {
    let id = MailDomainId::from_uuid(Uuid::from_u128(number));
    let domain = valid(EmailDomain::try_from(domain));
    MailDomain::claim(id, domain, format!("token{number}"), NOW)
}

/// A request of user `user`, named after the number.
///
/// # Panics
/// Never: the texts are valid.
#[must_use]
pub fn join_request(number: u128, user: u128) -> JoinRequest {
    let id = JoinRequestId::from_uuid(Uuid::from_u128(number));
    let email = valid(EmailAddress::try_from(format!("asker{user}@example.com")));
    let name = valid(DisplayName::try_from(format!("Asker {user}")));
    JoinRequest::ask(id, user_id(user), email, name, NOW)
}

/// The five system roles under their own names, with this crate's permissions by the role matrix.
#[must_use]
pub fn roles() -> RoleBook {
    let definition = |base: SystemRole| RoleDefinition {
        code: valid(Code::try_from(base.as_str())),
        kind: RoleKind::System(base),
        aliases: Vec::new(),
        permissions: role_permissions(base),
    };
    let roles: Vec<_> = SystemRole::ALL.into_iter().map(definition).collect();
    let owners_alone = PermissionSet::from_iter([permissions::TENANT_DELETE]);
    valid::<_, InvalidRoleBook>(RoleBook::new(roles)).reserving(&owners_alone)
}

/// What a system role holds of this crate's permissions.
#[must_use]
pub fn role_permissions(base: SystemRole) -> PermissionSet {
    use permissions as p;
    let held = |permission: &tenantry_kernel::Permission| match base {
        SystemRole::Owner => true,
        SystemRole::Admin => ![p::TENANT_DELETE, p::OWNERSHIP_TRANSFER].contains(permission),
        SystemRole::Manager => [
            p::TENANT_READ,
            p::MEMBERS_READ,
            p::MEMBERS_INVITE,
            p::MEMBERS_MANAGE_BASIC,
            p::DOMAINS_READ,
            p::SETTINGS_READ,
        ]
        .contains(permission),
        SystemRole::Member | SystemRole::Viewer => [p::TENANT_READ, p::MEMBERS_READ].contains(permission),
    };
    p::ALL.into_iter().filter(held).collect()
}

fn valid<T, E: std::fmt::Display>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|cause| panic!("the fixture is not valid: {cause}"))
}
