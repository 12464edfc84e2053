//! Tenancy's repositories in memory.

use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Code, EmailAddress, MembershipId, Page, PageRequest, StoreError, UserId, async_trait};
use tenantry_tenancy::branding::{Branding, BrandingRepository};
use tenantry_tenancy::domain::{CustomDomain, CustomDomainId, CustomDomainRepository, DOMAIN_TAKEN};
use tenantry_tenancy::joining::JoinRequestRepository;
use tenantry_tenancy::mail_domain::MailDomainRepository;
use tenantry_tenancy::membership::{
    ALREADY_MEMBER, Membership, MembershipFilter, MembershipRepository, MembershipState,
};
use tenantry_tenancy::ownership::{OwnershipRepository, OwnershipTransfer, OwnershipTransferId, TRANSFER_PENDING};
use tenantry_tenancy::role::assignment::ROLE_ASSIGNED;
use tenantry_tenancy::role::{
    AssignmentId, OwnRole, ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN, RoleAssignment, RoleId, RoleRepository,
};
use tenantry_tenancy::security::{SecurityPolicyRepository, StoredPolicy};
use tenantry_tenancy::store::TenancyUnit;
use tenantry_tenancy::tenant::{SLUG_TAKEN, Tenant, TenantRepository};

use super::unit::FakeUnit;

impl TenancyUnit for FakeUnit {
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

/// A page of rows that are in the order of their ids.
pub(super) fn page_of<T>(rows: impl Iterator<Item = T>, page: PageRequest, id: impl Fn(&T) -> Uuid) -> Page<T> {
    let after = page.after();
    let rows = rows.filter(|row| after.is_none_or(|after| id(row) > after.0));
    let rows = rows.take(usize::from(page.limit()) + 1).collect();
    Page::from_rows(rows, page, id)
}

#[async_trait]
impl TenantRepository for FakeUnit {
    async fn find(&mut self) -> Result<Option<Tenant>, StoreError> {
        Ok(self.rows().tenant.clone())
    }

    async fn insert(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        if self.state.founded().any(|(other, _)| other.slug() == tenant.slug()) {
            return Err(StoreError::Conflict(SLUG_TAKEN));
        }
        self.rows().tenant = Some(tenant.clone());
        Ok(())
    }

    async fn update(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let stored = self.rows().tenant.as_mut();
        let stored = stored.filter(|stored| stored.version() == tenant.version());
        *stored.ok_or(StoreError::Stale)? = tenant.clone().saved();
        Ok(())
    }
}

#[async_trait]
impl BrandingRepository for FakeUnit {
    async fn find(&mut self) -> Result<Branding, StoreError> {
        Ok(self.rows().branding.clone())
    }

    async fn put(&mut self, branding: &Branding) -> Result<(), StoreError> {
        let stored = &mut self.rows().branding;
        if stored.version() != branding.version() {
            return Err(StoreError::Stale);
        }
        *stored = branding.clone().saved();
        Ok(())
    }
}

#[async_trait]
impl MembershipRepository for FakeUnit {
    async fn find(&mut self, id: MembershipId) -> Result<Option<Membership>, StoreError> {
        Ok(self.rows().memberships.iter().find(|row| row.id() == id).cloned())
    }

    async fn find_by_user(&mut self, user: UserId) -> Result<Option<Membership>, StoreError> {
        Ok(self.rows().memberships.iter().find(|row| row.user() == user).cloned())
    }

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<Membership>, StoreError> {
        Ok(self.rows().memberships.iter().find(|row| row.email() == email).cloned())
    }

    async fn among(&mut self, emails: &[EmailAddress], users: &[UserId]) -> Result<Vec<Membership>, StoreError> {
        let named = |row: &&Membership| emails.contains(row.email()) || users.contains(&row.user());
        Ok(self.rows().memberships.iter().filter(named).cloned().collect())
    }

    async fn list(&mut self, filter: &MembershipFilter, page: PageRequest) -> Result<Page<Membership>, StoreError> {
        let text = filter.text.as_deref().map(str::to_lowercase);
        let contains = |row: &Membership, text: &str| {
            let name = row.name().map(ToString::to_string).unwrap_or_default();
            row.email().as_str().contains(text) || name.to_lowercase().contains(text)
        };
        let assigned = self.rows().assignments.clone();
        let assigned = assigned.iter().filter(|one| filter.holding.as_ref() == Some(&one.role));
        let holding: Vec<MembershipId> = assigned.map(|one| one.membership).collect();
        let matches = |row: &&Membership| {
            filter.state.is_none_or(|state| row.state() == state)
                && filter.role.as_ref().is_none_or(|role| row.role() == role)
                && filter
                    .holding
                    .as_ref()
                    .is_none_or(|role| holding.contains(&row.id()) || row.role() == role)
                && filter.source.is_none_or(|source| row.source() == source)
                && filter
                    .acceptable
                    .is_none_or(|(wanted, now)| row.is_acceptable(now) == Some(wanted))
                && text.as_deref().is_none_or(|text| contains(row, text))
        };
        let found: Vec<_> = self.rows().memberships.iter().filter(matches).cloned().collect();
        Ok(page_of(found.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn insert(&mut self, membership: &Membership) -> Result<(), StoreError> {
        let rows = &mut self.rows().memberships;
        let same = |row: &Membership| row.user() == membership.user() || row.email() == membership.email();
        if rows.iter().any(same) {
            return Err(StoreError::Conflict(ALREADY_MEMBER));
        }
        rows.push(membership.clone());
        Ok(())
    }

    async fn insert_many(&mut self, memberships: &[Membership]) -> Result<(), StoreError> {
        for membership in memberships {
            MembershipRepository::insert(self, membership).await?;
        }
        Ok(())
    }

    async fn update(&mut self, membership: &Membership) -> Result<(), StoreError> {
        let same = |row: &&mut Membership| row.id() == membership.id() && row.version() == membership.version();
        let stored = self.rows().memberships.iter_mut().find(same);
        *stored.ok_or(StoreError::Stale)? = membership.clone().saved();
        Ok(())
    }

    async fn note_sign_in(&mut self, membership: &Membership) -> Result<(), StoreError> {
        let same = |row: &&mut Membership| row.id() == membership.id() && row.version() == membership.version();
        let stored = self.rows().memberships.iter_mut().find(same);
        *stored.ok_or(StoreError::Stale)? = membership.clone();
        Ok(())
    }

    async fn delete(&mut self, id: MembershipId, version: i64) -> Result<(), StoreError> {
        let rows = &mut self.rows().memberships;
        let before = rows.len();
        rows.retain(|row| row.id() != id || row.version() != version);
        if rows.len() == before {
            return Err(StoreError::Stale);
        }
        let rows = self.rows();
        rows.assignments.retain(|one| one.membership != id);
        if rows
            .transfer
            .as_ref()
            .is_some_and(|offer| offer.from == id || offer.to == id)
        {
            rows.transfer = None;
        }
        Ok(())
    }

    async fn other_owners(&mut self, owner: &Code, id: MembershipId) -> Result<u64, StoreError> {
        let others = self
            .rows()
            .memberships
            .iter()
            .filter(|row| row.id() != id && row.role() == owner && row.state() == MembershipState::Active);
        Ok(u64::try_from(others.count()).unwrap_or(u64::MAX))
    }

    async fn assignments(&mut self, members: &[MembershipId]) -> Result<Vec<RoleAssignment>, StoreError> {
        let all = self.rows().assignments.iter();
        Ok(all.filter(|one| members.contains(&one.membership)).cloned().collect())
    }

    async fn assign(&mut self, assignment: &RoleAssignment) -> Result<(), StoreError> {
        let same = |one: &RoleAssignment| {
            (one.membership, &one.role, &one.resource)
                == (assignment.membership, &assignment.role, &assignment.resource)
        };
        if self.rows().assignments.iter().any(same) {
            return Err(StoreError::Conflict(ROLE_ASSIGNED));
        }
        self.rows().assignments.push(assignment.clone());
        Ok(())
    }

    async fn unassign(&mut self, id: AssignmentId) -> Result<(), StoreError> {
        self.rows().assignments.retain(|one| one.id != id);
        Ok(())
    }

    async fn holders(&mut self, role: &Code) -> Result<u64, StoreError> {
        let carried = self.rows().memberships.iter().filter(|row| row.role() == role).count();
        let assigned = self.rows().assignments.iter().filter(|one| one.role == *role).count();
        Ok(u64::try_from(carried + assigned).unwrap_or(u64::MAX))
    }

    async fn replace_role(&mut self, from: &Code, to: &Code) -> Result<u64, StoreError> {
        let held = MembershipRepository::holders(self, from).await?;
        let rows = self.rows();
        for row in rows.memberships.iter_mut().filter(|row| row.role() == from) {
            let (extra, at) = (row.extra().clone(), row.updated_at());
            row.change_role(to.clone(), extra, at);
            *row = row.clone().saved();
        }
        let there = rows.assignments.clone();
        rows.assignments.retain(|one| {
            one.role != *from
                || !there.iter().any(|other| {
                    other.role == *to && (other.membership, &other.resource) == (one.membership, &one.resource)
                })
        });
        for one in rows.assignments.iter_mut().filter(|one| one.role == *from) {
            one.role = to.clone();
        }
        Ok(held)
    }
}

#[async_trait]
impl RoleRepository for FakeUnit {
    async fn all(&mut self) -> Result<Vec<OwnRole>, StoreError> {
        Ok(self.rows().roles.clone())
    }

    async fn hold(&mut self) -> Result<Vec<OwnRole>, StoreError> {
        Ok(self.rows().roles.clone())
    }

    async fn find(&mut self, id: RoleId) -> Result<Option<OwnRole>, StoreError> {
        Ok(self.rows().roles.iter().find(|role| role.id() == id).cloned())
    }

    async fn insert(&mut self, role: &OwnRole) -> Result<(), StoreError> {
        let roles = &mut self.rows().roles;
        if roles.iter().any(|other| other.slot() == role.slot()) {
            return Err(StoreError::Conflict(ROLE_SLOT_TAKEN));
        }
        if roles
            .iter()
            .any(|other| other.code() == role.code() || other.name() == role.name())
        {
            return Err(StoreError::Conflict(ROLE_NAME_TAKEN));
        }
        roles.push(role.clone());
        Ok(())
    }

    async fn update(&mut self, role: &OwnRole) -> Result<(), StoreError> {
        let same = |other: &&mut OwnRole| other.id() == role.id() && other.version() == role.version();
        let stored = self.rows().roles.iter_mut().find(same);
        *stored.ok_or(StoreError::Stale)? = role.clone().saved();
        Ok(())
    }

    async fn delete(&mut self, id: RoleId, version: i64) -> Result<(), StoreError> {
        let roles = &mut self.rows().roles;
        let before = roles.len();
        roles.retain(|role| role.id() != id || role.version() != version);
        if roles.len() == before {
            return Err(StoreError::Stale);
        }
        Ok(())
    }
}

#[async_trait]
impl OwnershipRepository for FakeUnit {
    async fn pending(&mut self) -> Result<Option<OwnershipTransfer>, StoreError> {
        Ok(self.rows().transfer.clone())
    }

    async fn offer(&mut self, transfer: &OwnershipTransfer) -> Result<(), StoreError> {
        if self.rows().transfer.is_some() {
            return Err(StoreError::Conflict(TRANSFER_PENDING));
        }
        self.rows().transfer = Some(transfer.clone());
        Ok(())
    }

    async fn end(&mut self, id: OwnershipTransferId) -> Result<bool, StoreError> {
        let there = self.rows().transfer.as_ref().is_some_and(|offer| offer.id == id);
        if there {
            self.rows().transfer = None;
        }
        Ok(there)
    }
}

impl FakeUnit {
    /// True when another tenant has verified the host, or this one names it already.
    fn is_taken(&self, domain: &CustomDomain) -> bool {
        let own = self.tenant_id();
        let mut all = self
            .state
            .tenants
            .iter()
            .flat_map(|(tenant, rows)| rows.domains.iter().map(move |other| (*tenant, other)));
        all.any(|(tenant, other)| {
            let claims = tenant == own || other.verified_at().is_some();
            other.id() != domain.id() && other.host() == domain.host() && claims
        })
    }
}

#[async_trait]
impl CustomDomainRepository for FakeUnit {
    async fn find(&mut self, id: CustomDomainId) -> Result<Option<CustomDomain>, StoreError> {
        Ok(self.rows().domains.iter().find(|row| row.id() == id).cloned())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<CustomDomain>, StoreError> {
        let all = self.rows().domains.clone();
        Ok(page_of(all.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.rows().domains.len()).unwrap_or(u64::MAX))
    }

    async fn insert(&mut self, domain: &CustomDomain) -> Result<(), StoreError> {
        if self.is_taken(domain) {
            return Err(StoreError::Conflict(DOMAIN_TAKEN));
        }
        self.rows().domains.push(domain.clone());
        Ok(())
    }

    async fn update(&mut self, domain: &CustomDomain) -> Result<(), StoreError> {
        if self.is_taken(domain) {
            return Err(StoreError::Conflict(DOMAIN_TAKEN));
        }
        let stored = self.rows().domains.iter_mut().find(|row| row.id() == domain.id());
        *stored.ok_or(StoreError::Stale)? = domain.clone();
        Ok(())
    }

    async fn delete(&mut self, id: CustomDomainId) -> Result<(), StoreError> {
        self.rows().domains.retain(|row| row.id() != id);
        Ok(())
    }
}

#[async_trait]
impl SecurityPolicyRepository for FakeUnit {
    async fn find(&mut self) -> Result<Option<StoredPolicy>, StoreError> {
        let rows = self.rows();
        Ok(rows.tenant.is_some().then(|| rows.security.clone()))
    }

    async fn write(&mut self, policy: &StoredPolicy) -> Result<(), StoreError> {
        let stored = &mut self.rows().security;
        if stored.version != policy.version {
            return Err(StoreError::Stale);
        }
        *stored = policy.clone();
        stored.version += 1;
        Ok(())
    }
}
