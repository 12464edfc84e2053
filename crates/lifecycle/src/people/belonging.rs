//! Where a person belongs, the address by which a tenant knows them, and leaving.

use tenantry_identity::user::User;
use tenantry_kernel::{
    EmailAddress, FieldError, MembershipId, Origin, Page, PageRequest, StoreError, TenantId, TenantScope, UserId, retry,
};
use tenantry_tenancy::directory::Belonging;
use tenantry_tenancy::membership::{
    Membership, MembershipFilter, MembershipRepository, MembershipState, policy, steps,
};

use super::{PeopleError, PeopleService, TRIES};
use crate::access::Person;
use crate::members::screening;
use crate::seats;

impl PeopleService {
    /// A page of the tenants that the person belongs to, oldest membership first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn belongings(&self, user: UserId, page: PageRequest) -> Result<Page<Belonging>, PeopleError> {
        Ok(self.0.belongings.belongings(user, page).await?)
    }

    /// Leaves a tenant, or declines its invitation: the seat is free again, the sessions there end, and keys that the
    /// person made for themself are worth nothing any more.
    ///
    /// # Errors
    /// `NotFound` when they have no membership there, `Member` with the last owner, `Store`.
    pub async fn leave(&self, person: &Person, tenant: &str, origin: Origin) -> Result<(), PeopleError> {
        let (scope, membership) = self.enter(person, tenant, origin).await?;
        retry::contended(TRIES, || self.try_leave(&scope, person.user, membership)).await
    }

    async fn try_leave(&self, scope: &TenantScope, user: UserId, membership: MembershipId) -> Result<(), PeopleError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let member = own(unit.memberships(), user, membership).await?;
        steps::keep_an_owner(unit.memberships(), self.0.catalog.roles(), &member, None).await?;
        unit.memberships().delete(member.id(), member.version()).await?;
        let freed = policy::seats_delta(Some(member.state()), None);
        seats::adjust(&mut *unit, &self.0.catalog, freed, now).await?;
        unit.sessions().end_in_tenant(scope.tenant_id(), now).await?;
        unit.commit(vec![member.left()]).await?;
        Ok(())
    }

    /// Tells a tenant another address of the person, one that they have proved. Changing the primary address tells no
    /// tenant: each keeps the one it knows until the person says otherwise.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` when they have not proved the address, `Member` when another member has it, `Store`.
    pub async fn be_known_as(
        &self,
        person: &Person,
        tenant: &str,
        email: &EmailAddress,
        origin: Origin,
    ) -> Result<(), PeopleError> {
        let (scope, membership) = self.enter(person, tenant, origin).await?;
        let mut unit = self.0.people.read_person(person.user).await?;
        let known = unit.emails().list().await?;
        drop(unit);
        if !known.iter().any(|own| own.email == *email && own.verified_at.is_some()) {
            let detail = "must be a verified address of yours";
            let fault = FieldError::new("email", "email_not_verified", detail);
            return Err(PeopleError::Invalid(vec![fault]));
        }
        retry::contended(TRIES, || self.try_be_known_as(&scope, person.user, membership, email)).await
    }

    async fn try_be_known_as(
        &self,
        scope: &TenantScope,
        user: UserId,
        membership: MembershipId,
        email: &EmailAddress,
    ) -> Result<(), PeopleError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let mut member = own(unit.memberships(), user, membership).await?;
        let Some(event) = member.known_as(email.clone(), now) else {
            return Ok(());
        };
        let stored = unit.security_policies().find().await?.unwrap_or_default();
        if let Some(fault) = screening::elsewhere(&stored.policy, email) {
            return Err(PeopleError::Invalid(vec![fault]));
        }
        let written = unit.memberships().update(&member).await;
        written.map_err(|cause| match cause {
            StoreError::Stale => PeopleError::Store(cause),
            other => PeopleError::Member(other.into()),
        })?;
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// A scope in a tenant of the person, in which they may do nothing but go.
    async fn enter(
        &self,
        person: &Person,
        tenant: &str,
        origin: Origin,
    ) -> Result<(TenantScope, MembershipId), PeopleError> {
        let access = &self.0.access;
        let id = match tenant.parse::<TenantId>() {
            Ok(id) => Some(id),
            Err(_) => access.tenant_by_slug(&tenant.to_ascii_lowercase()).await?,
        };
        let id = id.ok_or(PeopleError::NotFound)?;
        let membership = access.membership_of(id, person.user).await?;
        let membership = membership.ok_or(PeopleError::NotFound)?;
        let scope = self
            .0
            .gate
            .enter_to_leave(id, person.user, membership, person.session, origin)
            .await?;
        Ok((scope, membership))
    }

    /// Every tenant that would be left without an owner if the person went.
    pub(super) async fn kept_by(&self, user: &User) -> Result<Vec<super::Kept>, PeopleError> {
        let mut kept = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = self.0.belongings.belongings(user.id(), page).await?;
            for belonging in &found.items {
                if self.is_last_owner(user.id(), belonging).await? {
                    kept.push(super::Kept {
                        tenant: belonging.tenant,
                        slug: belonging.slug.to_string(),
                    });
                }
            }
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            let Some(Ok(next)) = next else { return Ok(kept) };
            page = next;
        }
    }

    async fn is_last_owner(&self, user: UserId, belonging: &Belonging) -> Result<bool, PeopleError> {
        let owner = &self.0.catalog.roles().owner().code;
        if belonging.status != MembershipState::Active || belonging.role != *owner {
            return Ok(false);
        }
        let scope = self.0.gate.enter_as_system(belonging.tenant, "departures").await?;
        let mut unit = self.0.store.read_spanning(&scope).await?;
        let owners = MembershipFilter {
            state: Some(MembershipState::Active),
            role: Some(owner.clone()),
            ..MembershipFilter::default()
        };
        let found = unit.memberships().list(&owners, PageRequest::first()).await?;
        Ok(found.items.iter().all(|member| member.user() == user))
    }
}

/// The person's own membership.
async fn own(
    members: &mut dyn MembershipRepository,
    user: UserId,
    membership: MembershipId,
) -> Result<Membership, PeopleError> {
    let found = members.find(membership).await?.filter(|member| member.user() == user);
    found.ok_or(PeopleError::NotFound)
}
