//! Erasing: what a tenant knows of somebody, and all that is known of them.

use tenantry_identity::user::{User, UserStatus};
use tenantry_kernel::time::Duration;
use tenantry_kernel::{
    EmailAddress, Event, MembershipId, PageRequest, StoreError, TenantId, TenantScope, UserId, retry,
};
use tenantry_tenancy::membership::steps::{self, Target};
use tenantry_tenancy::membership::{MemberError, Membership, MembershipFilter, MembershipState, policy};
use tenantry_tenancy::tenant::ProfileChange;

use super::{PeopleError, PeopleService, TRIES};
use crate::seats;
use crate::store::LifecycleUnit;

/// How long is waited when somebody became the last owner of a tenant meanwhile.
const AGAIN_AFTER: Duration = Duration::days(1);

impl PeopleService {
    /// Removes a member together with all that this tenant's log says of them: address, name, where they called from.
    /// What else is known of them is theirs and stays, unless this tenant is all that ever knew them.
    ///
    /// # Errors
    /// `Member`: denied, not found, stale, last owner; `Store`.
    pub async fn erase_member(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<(), PeopleError> {
        let mut unit = self.0.store.read_spanning(scope).await?;
        let own = steps::read_roles(&mut *unit).await?;
        drop(unit);
        let target = Target {
            scope,
            roles: own.book(self.0.catalog.roles()),
            id,
            expected,
            now: self.0.clock.now(scope),
        };
        let user = retry::contended(TRIES, || self.try_erase_member(target)).await?;
        self.forget_unknown(user).await
    }

    async fn try_erase_member(&self, target: Target<'_>) -> Result<UserId, PeopleError> {
        let mut unit = self.0.store.read_spanning(target.scope).await?;
        let user = steps::manageable(unit.memberships(), target).await?.user();
        drop(unit);
        let mut unit = self.0.store.begin_spanning(target.scope, Some(user)).await?;
        let member = steps::manageable(unit.memberships(), target).await?;
        let removed = self.forget_in(&mut *unit, target.scope, &member).await;
        removed.map_err(|cause| match (cause, target.expected) {
            (PeopleError::Store(StoreError::Stale), Some(_)) => PeopleError::Member(MemberError::Stale),
            (cause, _) => cause,
        })?;
        if member.state() != MembershipState::Invited {
            let (id, at) = (self.0.mint.ids.next(), target.now);
            unit.join_requests().bar(id, user, at).await?;
        }
        unit.commit(vec![member.erased()]).await?;
        Ok(user)
    }

    /// The membership goes, the seat is free, sessions in the tenant end, and its log forgets the person. The caller
    /// commits.
    async fn forget_in(
        &self,
        unit: &mut dyn LifecycleUnit,
        scope: &TenantScope,
        member: &Membership,
    ) -> Result<(), PeopleError> {
        let now = self.0.clock.now(scope);
        steps::keep_an_owner(unit.memberships(), self.0.catalog.roles(), member, None).await?;
        unit.memberships().delete(member.id(), member.version()).await?;
        let freed = policy::seats_delta(Some(member.state()), None);
        seats::adjust(unit, &self.0.catalog, freed, now).await?;
        unit.sessions().end_in_tenant(scope.tenant_id(), now).await?;
        unit.audit().forget(member.user()).await?;
        Ok(())
    }

    /// Somebody whom a tenant added and who never came is nobody once that tenant has forgotten them.
    async fn forget_unknown(&self, user: UserId) -> Result<(), PeopleError> {
        let Some(found) = self.find(user).await?.filter(is_placeholder) else {
            return Ok(());
        };
        let belongings = self.0.belongings.belongings(user, PageRequest::first()).await?;
        if !belongings.items.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person_for(&self.worker(), user).await?;
        let mut found = unit.users().find(user).await?.unwrap_or(found);
        found.schedule_erasure(Some(now));
        unit.users().update(&found).await?;
        unit.commit(vec![Event::new("user.erasure_scheduled", user).set("erase_at", now)])
            .await?;
        self.finish(user).await
    }

    /// Does what is due about a person: leaves every tenant, or hands everything to whom they turned out to be, and
    /// then leaves nothing but a tombstone. May be stopped anywhere and called again.
    ///
    /// # Errors
    /// `LastOwner`, after which it is due again a day later; `Store`.
    pub async fn finish(&self, user: UserId) -> Result<(), PeopleError> {
        let Some(found) = self.find(user).await? else {
            return Ok(());
        };
        let now = self.0.clock.system_now();
        if matches!(found.status(), UserStatus::Erased { .. }) || found.erase_at().is_none_or(|at| at > now) {
            return Ok(());
        }
        let heir = match found.merged_into() {
            Some(into) => self.last_of_chain(into).await?,
            None => None,
        };
        if let Some(heir) = heir {
            self.hand_over(user, heir).await?;
        } else {
            // Whom they turned out to be, if anybody, is gone: so are they.
            self.leave_everywhere(&found).await?;
            self.forget_former(user).await?;
        }
        retry::contended(TRIES, || self.bury(user, heir)).await
    }

    async fn leave_everywhere(&self, user: &User) -> Result<(), PeopleError> {
        let kept = self.kept_by(user).await?;
        if !kept.is_empty() {
            self.postpone(user.id()).await?;
            return Err(PeopleError::LastOwner(kept));
        }
        let mut unit = self.0.people.read_person(user.id()).await?;
        let emails: Vec<EmailAddress> = unit.emails().list().await?.into_iter().map(|own| own.email).collect();
        drop(unit);
        for tenant in self.0.directory.billed_at(&self.worker(), &emails).await? {
            retry::contended(TRIES, || self.bill_somebody_else(tenant, &emails)).await?;
        }
        self.forget_requests(user.id(), None).await?;
        loop {
            let found = self.0.belongings.belongings(user.id(), PageRequest::first()).await?;
            if found.items.is_empty() {
                return Ok(());
            }
            for belonging in found.items {
                let scope = self.0.gate.enter_as_system(belonging.tenant, "departures").await?;
                retry::contended(TRIES, || self.forget_entered(&scope, user.id(), belonging.membership)).await?;
            }
        }
    }

    /// What the person asked tenants, and that tenants removed them, is known no longer. Whom they turned out to be, if
    /// anybody, was removed in their place.
    pub(super) async fn forget_requests(&self, user: UserId, into: Option<UserId>) -> Result<(), PeopleError> {
        let asked = self.0.joining.requests_of(user).await?;
        let barred = self.0.joining.barred_from(user).await?;
        let mut tenants: Vec<TenantId> = asked.into_iter().map(|(tenant, _)| tenant).collect();
        tenants.extend(barred.iter().copied());
        for tenant in tenants {
            let scope = self.0.gate.enter_as_system(tenant, "departures").await?;
            let again = into.filter(|_| barred.contains(&tenant));
            retry::contended(TRIES, || async {
                let mut unit = self.0.store.begin_spanning(&scope, None).await?;
                unit.join_requests().forget(user).await?;
                unit.join_requests().unbar(user).await?;
                if let Some(into) = again {
                    let (id, at) = (self.0.mint.ids.next(), self.0.clock.now(&scope));
                    unit.join_requests().bar(id, into, at).await?;
                }
                // Without an event: it would tell what is to be forgotten.
                unit.commit(vec![]).await?;
                Ok::<_, PeopleError>(())
            })
            .await?;
        }
        Ok(())
    }

    async fn forget_entered(
        &self,
        scope: &TenantScope,
        user: UserId,
        membership: MembershipId,
    ) -> Result<(), PeopleError> {
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let found = unit.memberships().find(membership).await?;
        let Some(member) = found.filter(|member| member.user() == user) else {
            return Ok(());
        };
        self.forget_in(&mut *unit, scope, &member).await?;
        unit.commit(vec![member.erased()]).await?;
        Ok(())
    }

    /// Bills that went to the person go to another owner.
    async fn bill_somebody_else(&self, tenant: TenantId, emails: &[EmailAddress]) -> Result<(), PeopleError> {
        let scope = self.0.gate.enter_as_system(tenant, "departures").await?;
        let owners = MembershipFilter {
            state: Some(MembershipState::Active),
            role: Some(self.0.catalog.roles().owner().code.clone()),
            ..MembershipFilter::default()
        };
        let mut unit = self.0.store.begin_spanning(&scope, None).await?;
        let found = unit.memberships().list(&owners, PageRequest::first()).await?;
        let other = found.items.iter().find(|member| !emails.contains(member.email()));
        let (Some(other), Some(mut tenant)) = (other, unit.tenants().find().await?) else {
            return Ok(());
        };
        let change = ProfileChange {
            billing_email: Some(other.email().clone()),
            ..ProfileChange::default()
        };
        let Some(event) = tenant.revise(change, self.0.clock.now(&scope)) else {
            return Ok(());
        };
        unit.tenants().update(&tenant).await?;
        unit.commit(vec![event]).await?;
        Ok(())
    }

    async fn postpone(&self, user: UserId) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person_for(&self.worker(), user).await?;
        let Some(mut found) = unit.users().find(user).await? else {
            return Ok(());
        };
        let before = found.erase_at();
        found.schedule_erasure(Some(now + AGAIN_AFTER));
        unit.users().update(&found).await?;
        let event = Event::new("user.erasure_postponed", user).change("erase_at", before, found.erase_at());
        unit.commit(vec![event.set("reason", "last_owner")]).await?;
        Ok(())
    }

    /// What logs say of accounts that were merged into the person's, or into one of those. It comes before the person's
    /// own end: once that is written nothing is due any more, and whoever was stopped would not come back.
    async fn forget_former(&self, user: UserId) -> Result<(), PeopleError> {
        let scope = self.worker();
        let mut accounts = vec![user];
        let mut looked_at = 0;
        while let Some(account) = accounts.get(looked_at).copied() {
            looked_at += 1;
            for former in self.0.directory.merged_into(&scope, account).await? {
                if !accounts.contains(&former) {
                    accounts.push(former);
                }
            }
        }
        for former in accounts.into_iter().skip(1) {
            retry::contended(TRIES, || async {
                let mut unit = self.0.people.begin_person_for(&scope, former).await?;
                unit.users().forget().await?;
                unit.commit(vec![Event::new("user.erased", former)]).await?;
                Ok::<_, PeopleError>(())
            })
            .await?;
        }
        Ok(())
    }

    /// Nothing of the person is left but their id; what logs say of them is their heir's, if there is one.
    async fn bury(&self, user: UserId, heir: Option<UserId>) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person_for(&self.worker(), user).await?;
        let Some(found) = unit.users().find(user).await? else {
            return Ok(());
        };
        // They may have thought better of it since.
        if found.erase_at().is_none_or(|at| at > now) {
            return Ok(());
        }
        unit.users().erase(&found.erased(now)).await?;
        if heir.is_some() {
            unit.commit(vec![Event::new("user.merged", user)]).await?;
            return Ok(());
        }
        unit.users().forget().await?;
        unit.commit(vec![Event::new("user.erased", user)]).await?;
        Ok(())
    }
}

/// True for somebody whom others added, and who never showed that they exist.
pub(super) fn is_placeholder(user: &User) -> bool {
    user.is_active()
        && user.password_hash().is_none()
        && user.email_verified_at().is_none()
        && user.platform_role().is_none()
}
