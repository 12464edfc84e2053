//! Handing over what an account has to the account that it turned out to be.

use tenantry_identity::api_key::KeyFilter;
use tenantry_identity::email::OwnedEmail;
use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use tenantry_identity::user::{EMAIL_TAKEN, UserStatus};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    Event, Mail, MembershipId, PageRequest, PermissionSet, StoreError, TenantId, TenantScope, UserId, retry,
};
use tenantry_tenancy::membership::{Membership, MembershipState, MembershipStatus, policy, steps};
use tenantry_tenancy::role::{RoleAssignment, RoleBook};

use super::{PeopleError, PeopleService, TRIES};
use crate::seats;
use crate::store::LifecycleUnit;

/// How many accounts may have been merged one into the next; more are a mistake of ours.
const CHAIN: usize = 10;

impl PeopleService {
    /// Moves addresses and memberships, each tenant in a transaction of its own. What has moved is not there to move
    /// again.
    pub(super) async fn hand_over(&self, from: UserId, into: UserId) -> Result<(), PeopleError> {
        self.hand_over_emails(from, into).await?;
        // Requests are made anew by who it turned out to be; who was removed stays that.
        self.forget_requests(from, Some(into)).await?;
        loop {
            let found = self.0.belongings.belongings(from, PageRequest::first()).await?;
            if found.items.is_empty() {
                return Ok(());
            }
            for belonging in found.items {
                let (tenant, membership) = (belonging.tenant, belonging.membership);
                retry::contended(TRIES, || self.hand_over_in(tenant, membership, from, into)).await?;
            }
        }
    }

    /// The account that `into` is by now; `None` when it was erased.
    pub(super) async fn last_of_chain(&self, into: UserId) -> Result<Option<UserId>, PeopleError> {
        let mut last = into;
        for _ in 0..CHAIN {
            let Some(user) = self.find(last).await? else {
                return Ok(None);
            };
            match (user.merged_into(), user.status()) {
                (Some(next), _) => last = next,
                (None, UserStatus::Erased { .. }) => return Ok(None),
                (None, _) => return Ok(Some(last)),
            }
        }
        Err(StoreError::Corrupt {
            table: "app_user",
            detail: format!("{into} was merged too often"),
        }
        .into())
    }

    async fn hand_over_emails(&self, from: UserId, into: UserId) -> Result<(), PeopleError> {
        let mut unit = self.0.people.read_person(from).await?;
        let emails = unit.emails().list().await?;
        drop(unit);
        let verified = emails.iter().filter(|email| email.verified_at.is_some());
        for email in verified {
            let moved = retry::contended(TRIES, || self.hand_over_email(email, into)).await;
            match moved {
                // Somebody else has proved it meanwhile: it is theirs.
                Err(PeopleError::Store(StoreError::Conflict(EMAIL_TAKEN))) => {}
                other => other?,
            }
        }
        Ok(())
    }

    async fn hand_over_email(&self, email: &OwnedEmail, into: UserId) -> Result<(), PeopleError> {
        let scope = self.worker();
        let mut unit = self.0.people.begin_person_for(&scope, into).await?;
        // Locks the person: their addresses are changed by one at a time.
        unit.users().find(into).await?.ok_or(PeopleError::NotFound)?;
        let known = unit.emails().list().await?;
        let at = email.verified_at.unwrap_or(email.created_at);
        if known
            .iter()
            .any(|own| own.email == email.email && own.verified_at.is_some())
        {
            return Ok(());
        }
        unit.emails().prove(email, at).await?;
        if let Some(held_at) = email.held_at {
            unit.emails().hold(&email.email, held_at).await?;
        }
        if !known.iter().any(|own| own.email == email.email) {
            let own = OwnedEmail {
                replaced_at: None,
                ..email.clone()
            };
            unit.emails().insert(&own).await?;
        }
        let event = Event::new("user.email_added", into).of(into);
        unit.commit(vec![event.set("email", email.email.as_str())]).await?;
        Ok(())
    }

    /// Moves one membership. Where `into` has one of its own, one stays: the active one, else that of `into`; it may
    /// all that both might, and keys that the other one made are its keys.
    async fn hand_over_in(
        &self,
        tenant: TenantId,
        membership: MembershipId,
        from: UserId,
        into: UserId,
    ) -> Result<(), PeopleError> {
        let scope = self.0.gate.enter_as_system(tenant, "departures").await?;
        let now = self.0.clock.now(&scope);
        let mut unit = self.0.store.begin_spanning(&scope, Some(into)).await?;
        let found = unit.memberships().find(membership).await?;
        let Some(mut theirs) = found.filter(|member| member.user() == from) else {
            return Ok(());
        };
        let Some(own) = unit.memberships().find_by_user(into).await? else {
            let mut event = theirs.hand_over(into, now);
            if matches!(theirs.status(), MembershipStatus::Invited { .. }) {
                event = event.mail(self.invite_again(&mut *unit, &scope, &theirs).await?);
            }
            unit.memberships().update(&theirs).await?;
            unit.commit(vec![event]).await?;
            return Ok(());
        };
        let theirs_stays = own.state() != MembershipState::Active && theirs.state() == MembershipState::Active;
        let moved = theirs_stays.then(|| theirs.hand_over(into, now));
        let (mut kept, given_up) = if theirs_stays { (theirs, own) } else { (own, theirs) };
        let mut events = vec![given_up.absorbed()];
        events.extend(moved);
        let further = unit.memberships().assignments(&[given_up.id(), kept.id()]).await?;
        // The other one first: a human is a member once.
        unit.memberships().delete(given_up.id(), given_up.version()).await?;
        let freed = policy::seats_delta(Some(given_up.state()), None);
        seats::adjust(&mut *unit, &self.0.catalog, freed, now).await?;
        if kept.state() == MembershipState::Active && given_up.state() == MembershipState::Active {
            let own = steps::read_roles(&mut *unit).await?;
            let (role, extra) = both(own.book(self.0.catalog.roles()), &kept, &given_up);
            events.extend(kept.change_role(role, extra, now));
        }
        unit.memberships().update(&kept).await?;
        if given_up.state() == MembershipState::Active {
            for assignment in taken_over(&further, given_up.id(), kept.id()) {
                unit.memberships().assign(&assignment).await?;
            }
        }
        adopt_keys(&mut *unit, given_up.id(), kept.id(), now).await?;
        unit.commit(events).await?;
        Ok(())
    }

    /// A fresh letter: the token of the earlier one was another account's.
    async fn invite_again(
        &self,
        unit: &mut dyn LifecycleUnit,
        scope: &TenantScope,
        member: &Membership,
    ) -> Result<Mail, PeopleError> {
        let now = self.0.clock.now(scope);
        let mint = &self.0.mint;
        let text = OneTimeText::mint(
            Purpose::Invitation,
            member.user(),
            Some(scope.tenant_id()),
            mint.entropy.as_ref(),
        );
        let id = OneTimeTokenId::from_uuid(mint.ids.next());
        let mut token = OneTimeToken::issue(id, &text, Some(member.id()), mint.cipher.as_ref(), now);
        if let MembershipStatus::Invited { expires_at } = member.status() {
            token.expires_at = *expires_at;
        }
        unit.one_time_tokens().insert(&token).await?;
        let tenant = unit.tenants().find().await?.ok_or(PeopleError::NotFound)?;
        let mut fields = vec![
            ("tenant", tenant.name().to_string()),
            ("product", self.0.catalog.display().to_owned()),
        ];
        fields.extend(member.name().map(|name| ("name", name.to_string())));
        Ok(Mail {
            template: "invitation",
            to: member.email().clone(),
            locale: tenant.profile().locale.as_str().to_owned(),
            fields,
            token: Some(text.to_text()),
        })
    }
}

/// The further roles of one membership that the other one lacks, as the other one's.
fn taken_over(further: &[RoleAssignment], from: MembershipId, to: MembershipId) -> Vec<RoleAssignment> {
    let has = |assignment: &RoleAssignment| {
        let same = |own: &RoleAssignment| own.role == assignment.role && own.resource == assignment.resource;
        further.iter().any(|own| own.membership == to && same(own))
    };
    let moved = further.iter().filter(|one| one.membership == from && !has(one));
    moved
        .map(|one| RoleAssignment {
            membership: to,
            ..one.clone()
        })
        .collect()
}

/// The role that allows more, and beside it what the other membership allowed and that role does not.
pub(super) fn both(
    roles: &RoleBook,
    kept: &Membership,
    given_up: &Membership,
) -> (tenantry_kernel::Code, PermissionSet) {
    let none = PermissionSet::default();
    let (one, other) = (
        roles.permissions_of(kept.role(), &none),
        roles.permissions_of(given_up.role(), &none),
    );
    let (role, allows, rest) = if other.covers(&one) && !one.covers(&other) {
        (given_up.role(), other, one)
    } else {
        (kept.role(), one, other)
    };
    let extra = kept.extra().union(given_up.extra()).union(&rest);
    (role.clone(), extra.difference(&allows))
}

/// Keys that a membership made go on under the one that stays in its place.
async fn adopt_keys(
    unit: &mut dyn LifecycleUnit,
    from: MembershipId,
    to: MembershipId,
    now: OffsetDateTime,
) -> Result<(), PeopleError> {
    let mut page = PageRequest::first();
    loop {
        let found = unit.api_keys().list(&KeyFilter::all(now), page).await?;
        for mut key in found.items {
            if key.record().created_by == Some(from) {
                key.adopt(to);
                unit.api_keys().update(&key).await?;
            }
        }
        let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
        let Some(Ok(next)) = next else { return Ok(()) };
        page = next;
    }
}
