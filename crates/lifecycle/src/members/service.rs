//! Adding, inviting again, deactivating, reactivating and removing members.

use std::sync::Arc;

use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{ForeignHashes, User};
use tenantry_kernel::retry;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{
    Cipher, Clock, DisplayName, EmailAddress, Entropy, FieldError, IdSource, Locale, Mail, MembershipId, Note,
    PermissionSet, StoreError, TenantScope, UserId,
};
use tenantry_tenancy::membership::steps::{self, Target};
use tenantry_tenancy::membership::{
    Invitation, MemberError, Membership, MembershipDetails, MembershipState, WrongState, policy,
};
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use tenantry_tenancy::role::{OwnRoles, RoleBook, RoleDefinition};

use super::error::{MembersError, overtaken};
use super::letter::{Letterhead, Minting};
use super::many::{InvitationDays, inviter};
use super::screening;
use crate::catalog::Catalog;
use crate::seats;
use crate::store::{LifecycleStore, LifecycleUnit};

/// The most permissions that one request names beyond a role; no catalog has as many.
const MAX_PERMISSIONS: usize = 1_000;

/// Somebody to add.
#[derive(Clone, Debug)]
pub struct AddMember {
    /// Their address.
    pub email: EmailAddress,
    /// What they are called; what stands before the `@` when absent.
    pub name: Option<DisplayName>,
    /// Their role, in any of its spellings.
    pub role: String,
    /// Permissions beyond the role, in any of their spellings.
    pub permissions: Vec<String>,
    /// Where in the organization.
    pub department: Option<Note>,
    /// As what.
    pub position: Option<Note>,
    /// A sentence for the invitation.
    pub message: Option<Note>,
    /// The language of the invitation; the tenant's when absent.
    pub locale: Option<Locale>,
    /// For how long the invitation can be accepted; as the catalog says when absent.
    pub expires_in: Option<InvitationDays>,
    /// True to invite by mail; false to add at once, without a word.
    pub invite: bool,
}

/// How an invitation is sent again.
#[derive(Clone, Debug, Default)]
pub struct Resend {
    /// A sentence for the mail; the first one is not kept.
    pub message: Option<Note>,
    /// Another language than the person's own.
    pub locale: Option<Locale>,
    /// For how long it can be accepted from now on; as the catalog says when absent.
    pub expires_in: Option<InvitationDays>,
}

/// Somebody was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// Their membership.
    pub membership: Membership,
}

/// What changing members needs.
pub struct MembersParts {
    /// What is sold, and the roles.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Hashes of other systems.
    pub hashes: Arc<dyn ForeignHashes>,
    /// Fingerprints.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Secrets.
    pub entropy: Arc<dyn Entropy>,
}

/// Changes who is a member.
pub struct MembersService(MembersParts);

/// How often a change is tried when others are in the way.
pub(super) const TRIES: u8 = 5;

/// What becomes of a member.
#[derive(Clone, Copy)]
enum Step {
    Deactivate,
    Reactivate,
    Remove,
    Revoke,
}

/// Who asks for a change to which member; a [`Target`] before the tenant's roles are read.
#[derive(Clone, Copy)]
struct Asked<'a> {
    scope: &'a TenantScope,
    id: MembershipId,
    expected: Option<i64>,
    now: OffsetDateTime,
}

/// An addition whose every question is answered, but for the role: that is looked up in the unit that gives it.
struct Addition<'a> {
    request: &'a AddMember,
    extra: PermissionSet,
    name: DisplayName,
}

impl MembersService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: MembersParts) -> Self {
        Self(parts)
    }

    /// Adds a member, or invites one. Takes a seat either way.
    ///
    /// # Errors
    /// [`MembersError`]: denied, unknown role or permission, already a member, no seat.
    pub async fn add(&self, scope: &TenantScope, request: AddMember) -> Result<Added, MembersError> {
        scope.require(&MEMBERS_INVITE)?;
        // A first look, so that nothing of the person is asked for a request that is wrong in itself.
        let own = self.roles_of(scope).await?;
        let role = role(own.book(self.0.catalog.roles()), &request.role)?;
        let extra = self.permissions(&request.permissions)?;
        policy::may_grant(scope.permissions(), role, &extra)?;
        let name = request.name.clone().unwrap_or_else(|| name_of(&request.email));

        let addition = Addition {
            request: &request,
            extra,
            name,
        };
        retry::contended(TRIES, || self.try_add(scope, &addition)).await
    }

    /// Sends an invitation again. The link of the earlier mail stops working: it belongs to the invitation as it
    /// stood.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, not pending.
    pub async fn resend(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        again: Resend,
    ) -> Result<Membership, MembersError> {
        scope.require(&MEMBERS_INVITE)?;
        let asked = self.asked(scope, id, None);

        let user = self.user_of(asked).await?;
        retry::contended(TRIES, || self.try_resend(asked, user, &again)).await
    }

    async fn try_resend(&self, asked: Asked<'_>, user: UserId, again: &Resend) -> Result<Membership, MembersError> {
        let mut unit = self.0.store.begin_spanning(asked.scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let target = self.target(asked, &own);
        let mut member = steps::manageable(unit.memberships(), target).await?;
        screening::may_come(&mut *unit, &self.0.catalog, target.scope, member.email()).await?;
        let event = member.resend(self.invitation_end(again.expires_in, target.now), target.now)?;
        unit.memberships().update(&member).await.map_err(overtaken)?;
        // Their own language, which for somebody new is the one that the first mail was written in.
        let own = unit
            .users()
            .find(user)
            .await?
            .map(|person| person.record().locale.clone());
        let wording = (again.message.as_ref(), again.locale.as_ref().or(own.as_ref()));
        let mail = self
            .invitation(&mut *unit, target.scope, &member, wording, target.now)
            .await?;
        unit.commit(vec![event.mail(mail)]).await?;
        Ok(member.saved())
    }

    /// Closes the tenant to a member and frees the seat.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, stale, last owner, not active.
    pub async fn deactivate(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<Membership, MembersError> {
        self.change(self.asked(scope, id, expected), Step::Deactivate).await
    }

    /// Opens the tenant to a deactivated member again and takes a seat.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, stale, not deactivated, no seat.
    pub async fn reactivate(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<Membership, MembersError> {
        self.change(self.asked(scope, id, expected), Step::Reactivate).await
    }

    /// Removes a member or revokes an invitation, and frees the seat.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, stale, last owner.
    pub async fn remove(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<(), MembersError> {
        self.change(self.asked(scope, id, expected), Step::Remove).await?;
        Ok(())
    }

    /// Takes a pending invitation back, and frees the seat. Its link is worth nothing without the membership.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, stale, not pending.
    pub async fn revoke(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<(), MembersError> {
        self.change(self.asked(scope, id, expected), Step::Revoke).await?;
        Ok(())
    }

    /// Ends the wait that wrong passwords brought upon an active member, and lets them begin anew. Answers alike
    /// whether there was a wait: how a person fares elsewhere is not the tenant's to know.
    ///
    /// # Errors
    /// [`MembersError`]: denied, not found, stale, not active, unlocked less than an hour ago.
    pub async fn unlock(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<Membership, MembersError> {
        let asked = self.asked(scope, id, expected);

        let user = self.user_of(asked).await?;
        retry::contended(TRIES, || self.try_unlock(asked, user)).await
    }

    async fn try_unlock(&self, asked: Asked<'_>, user: UserId) -> Result<Membership, MembersError> {
        let mut unit = self.0.store.begin_spanning(asked.scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let target = self.target(asked, &own);
        let mut member = steps::manageable(unit.memberships(), target).await?;
        let event = member.unlock(target.now)?;
        unit.memberships().update(&member).await.map_err(overtaken)?;
        if let Some(mut person) = unit.users().find(user).await? {
            person.forgive();
            unit.users().update(&person).await.map_err(overtaken)?;
        }
        unit.commit(vec![event]).await?;
        Ok(member.saved())
    }

    async fn change(&self, asked: Asked<'_>, step: Step) -> Result<Membership, MembersError> {
        retry::contended(TRIES, || self.try_change(asked, step)).await
    }

    /// Changes a member and moves the seats in one unit.
    async fn try_change(&self, asked: Asked<'_>, step: Step) -> Result<Membership, MembersError> {
        let mut unit = self.0.store.begin_spanning(asked.scope, None).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let target = self.target(asked, &own);
        let members = unit.memberships();
        let changed = match step {
            Step::Deactivate => steps::deactivate(members, target).await,
            Step::Reactivate => steps::reactivate(members, target).await,
            Step::Remove | Step::Revoke => steps::remove(members, target).await,
        };
        let changed = changed.map_err(|refusal| match refusal {
            MemberError::Stale if target.expected.is_none() => overtaken(StoreError::Stale),
            other => other.into(),
        })?;
        let was_invited = changed.before.state() == MembershipState::Invited;
        if matches!(step, Step::Revoke) && !was_invited {
            return Err(WrongState::NotInvited.into());
        }
        if matches!(step, Step::Remove) && !was_invited {
            // An address at the tenant's domain alone does not bring them back.
            let id = self.0.ids.next();
            unit.join_requests().bar(id, changed.before.user(), target.now).await?;
        }
        seats::adjust(
            &mut *unit,
            &self.0.catalog,
            changed.seats_delta(),
            self.0.clock.now(target.scope),
        )
        .await?;
        if let Some(event) = changed.event {
            unit.commit(vec![event]).await?;
        }
        Ok(changed.after.unwrap_or(changed.before))
    }

    pub(super) fn permissions(&self, texts: &[String]) -> Result<PermissionSet, MembersError> {
        if texts.len() > MAX_PERMISSIONS {
            let detail = format!("{MAX_PERMISSIONS} entries at most");
            return Err(MembersError::Invalid(vec![FieldError::new(
                "permissions",
                "too_many",
                detail,
            )]));
        }
        let mut unknown = Vec::new();
        let mut found = Vec::new();
        for (position, text) in texts.iter().enumerate() {
            match self.0.catalog.find_permission(text) {
                Some(permission) => found.push(permission),
                None => unknown.push(FieldError::new(
                    format!("permissions[{position}]"),
                    "unknown_permission",
                    format!("there is no permission {text:?}"),
                )),
            }
        }
        if unknown.is_empty() {
            Ok(found.into_iter().collect())
        } else {
            Err(MembersError::Invalid(unknown))
        }
    }

    async fn try_add(&self, scope: &TenantScope, addition: &Addition<'_>) -> Result<Added, MembersError> {
        let now = self.0.clock.now(scope);
        let email = &addition.request.email;
        let known = self.0.people.user_by_email(email).await?;
        let user = known.unwrap_or_else(|| UserId::from_uuid(self.0.ids.next()));

        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let role = role(own.book(self.0.catalog.roles()), &addition.request.role)?;
        policy::may_grant(scope.permissions(), role, &addition.extra)?;
        let membership = self.draft(scope, addition, role, user, now);
        screening::may_come(&mut *unit, &self.0.catalog, scope, email).await?;
        if known.is_none() {
            // Without an event: the tenant's log must not tell whether the address was known before.
            let locale = match addition.request.locale.clone() {
                Some(locale) => locale,
                None => self.tenants_locale(&mut *unit).await?,
            };
            let person = User::register(user, email.clone(), addition.name.clone(), locale, now);
            unit.users().insert(&person).await?;
        }
        unit.memberships().insert(&membership).await?;
        seats::adjust(&mut *unit, &self.0.catalog, 1, now).await?;
        let mut created = membership.created();
        if addition.request.invite {
            let wording = (addition.request.message.as_ref(), addition.request.locale.as_ref());
            created = created.mail(self.invitation(&mut *unit, scope, &membership, wording, now).await?);
        }
        unit.commit(vec![created]).await?;
        Ok(Added { membership })
    }

    fn draft(
        &self,
        scope: &TenantScope,
        addition: &Addition<'_>,
        role: &RoleDefinition,
        user: UserId,
        now: OffsetDateTime,
    ) -> Membership {
        let id = MembershipId::from_uuid(self.0.ids.next());
        let request = addition.request;
        let details = MembershipDetails {
            user,
            email: request.email.clone(),
            name: Some(addition.name.clone()),
            role: role.code.clone(),
            extra: addition.extra.clone(),
            department: request.department.clone(),
            position: request.position.clone(),
        };
        if !request.invite {
            return Membership::join(id, details, now);
        }
        Membership::invite(
            id,
            details,
            Invitation {
                by: inviter(scope),
                expires_at: self.invitation_end(request.expires_in, now),
            },
            now,
        )
    }

    pub(super) fn invitation_end(&self, asked: Option<InvitationDays>, now: OffsetDateTime) -> OffsetDateTime {
        let usual = || i64::from(self.0.catalog.invitation_days());
        now + Duration::days(asked.map_or_else(usual, |days| i64::from(days.get())))
    }

    async fn tenants_locale(&self, unit: &mut dyn LifecycleUnit) -> Result<Locale, StoreError> {
        let tenant = unit.tenants().find().await?;
        Ok(tenant.map_or_else(Locale::default, |tenant| tenant.profile().locale.clone()))
    }

    /// Stores a fresh token and answers the mail that carries it.
    async fn invitation(
        &self,
        unit: &mut dyn LifecycleUnit,
        scope: &TenantScope,
        member: &Membership,
        wording: (Option<&Note>, Option<&Locale>),
        now: OffsetDateTime,
    ) -> Result<Mail, StoreError> {
        let head = Letterhead::read(unit, scope.tenant_id(), self.0.catalog.display(), inviter(scope)).await?;
        let mint = Minting {
            cipher: &*self.0.cipher,
            entropy: &*self.0.entropy,
            ids: &*self.0.ids,
        };
        let (token, text) = head.token(member, mint, now);
        unit.one_time_tokens().insert(&token).await?;
        let (message, locale) = wording;
        Ok(head.mail(member, message, locale, text))
    }

    pub(super) const fn parts(&self) -> &MembersParts {
        &self.0
    }

    /// The roles that the tenant defines, for a first look.
    pub(super) async fn roles_of(&self, scope: &TenantScope) -> Result<Arc<OwnRoles>, StoreError> {
        let mut unit = self.0.store.read_spanning(scope).await?;
        steps::read_roles(&mut *unit).await
    }

    /// Whose membership it is, when the caller may touch it.
    async fn user_of(&self, asked: Asked<'_>) -> Result<UserId, MembersError> {
        let mut unit = self.0.store.read_spanning(asked.scope).await?;
        let own = steps::read_roles(&mut *unit).await?;
        let target = self.target(asked, &own);
        Ok(steps::manageable(unit.memberships(), target).await?.user())
    }

    fn asked<'a>(&self, scope: &'a TenantScope, id: MembershipId, expected: Option<i64>) -> Asked<'a> {
        Asked {
            scope,
            id,
            expected,
            now: self.0.clock.now(scope),
        }
    }

    fn target<'a>(&'a self, asked: Asked<'a>, own: &'a OwnRoles) -> Target<'a> {
        Target {
            scope: asked.scope,
            roles: own.book(self.0.catalog.roles()),
            id: asked.id,
            expected: asked.expected,
            now: asked.now,
        }
    }
}

/// The role that a caller means, by any of its names.
pub(crate) fn role<'b>(book: &'b RoleBook, text: &str) -> Result<&'b RoleDefinition, MembersError> {
    book.find(text).ok_or_else(|| {
        let known: Vec<_> = book.all().iter().map(|role| role.code.as_str()).collect();
        let detail = format!("there is no role {text:?}; there are {}", known.join(", "));
        MembersError::Invalid(vec![FieldError::new("role", "unknown_role", detail)])
    })
}

/// What stands before the `@`, for somebody who was added without a name.
pub(super) fn name_of(email: &EmailAddress) -> DisplayName {
    let local = email.as_str().split('@').next().unwrap_or_default();
    // An address's local part is 1 to 64 printable characters: always a name.
    DisplayName::try_from(local).unwrap_or_else(|_| DisplayName::unnamed())
}
