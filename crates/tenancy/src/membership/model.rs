//! What a membership is and how it changes.

use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Code, EmailAddress, Event, PermissionSet, Value};

use crate::membership::{MembershipSource, MembershipState, MembershipStatus, WrongState};
use crate::text::{DisplayName, Note};

/// What a tenant knows of the person and lets them do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipDetails {
    /// The human.
    pub user: UserId,
    /// The address, as this tenant knows it.
    pub email: EmailAddress,
    /// The name, as this tenant knows it.
    pub name: Option<DisplayName>,
    /// The role's code in the catalog.
    pub role: Code,
    /// Permissions beyond the role.
    pub extra: PermissionSet,
    /// Where in the organization.
    pub department: Option<Note>,
    /// As what.
    pub position: Option<Note>,
}

/// What an invitation adds to the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Who invites; `None` when no member did (an operator, a key).
    pub by: Option<MembershipId>,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
}

/// The tie between one user and one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    id: MembershipId,
    details: MembershipDetails,
    status: MembershipStatus,
    source: MembershipSource,
    invited_by: Option<MembershipId>,
    last_login_at: Option<OffsetDateTime>,
    unlocked_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    version: i64,
}

/// A membership as it is stored. For stores only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMembership {
    /// The id.
    pub id: MembershipId,
    /// What a tenant knows of the person and lets them do.
    pub details: MembershipDetails,
    /// Where it stands.
    pub status: MembershipStatus,
    /// How it came about.
    pub source: MembershipSource,
    /// Who invited.
    pub invited_by: Option<MembershipId>,
    /// When the person last signed in to this tenant.
    pub last_login_at: Option<OffsetDateTime>,
    /// When this tenant last ended a wait of theirs.
    pub unlocked_at: Option<OffsetDateTime>,
    /// When it came to be.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// The version.
    pub version: i64,
}

impl Membership {
    /// How long after a wait was ended the next one stays: ending each would give a guesser as many tries as they ask for.
    pub const UNLOCK_PAUSE: Duration = Duration::HOUR;

    /// An active membership, at version 1: a founder's, or one that is made without asking. Its source is the API
    /// unless told: see [`Membership::sourced`].
    #[must_use]
    pub const fn join(id: MembershipId, details: MembershipDetails, now: OffsetDateTime) -> Self {
        Self::new(id, details, MembershipStatus::Active, None, now)
    }

    /// A membership that is closed from the start, at version 1: brought along from elsewhere.
    #[must_use]
    pub const fn closed(id: MembershipId, details: MembershipDetails, now: OffsetDateTime) -> Self {
        Self::new(id, details, MembershipStatus::Deactivated { at: now }, None, now)
    }

    /// A pending invitation, at version 1. Its source is the invitation unless told.
    #[must_use]
    pub const fn invite(
        id: MembershipId,
        details: MembershipDetails,
        invitation: Invitation,
        now: OffsetDateTime,
    ) -> Self {
        let status = MembershipStatus::Invited {
            expires_at: invitation.expires_at,
        };
        Self::new(id, details, status, invitation.by, now)
    }

    const fn new(
        id: MembershipId,
        details: MembershipDetails,
        status: MembershipStatus,
        invited_by: Option<MembershipId>,
        now: OffsetDateTime,
    ) -> Self {
        let source = match status {
            MembershipStatus::Invited { .. } => MembershipSource::Invite,
            MembershipStatus::Active | MembershipStatus::Deactivated { .. } => MembershipSource::Api,
        };
        Self {
            id,
            details,
            status,
            source,
            invited_by,
            last_login_at: None,
            unlocked_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The same membership, come about like this.
    #[must_use]
    pub const fn sourced(mut self, source: MembershipSource) -> Self {
        self.source = source;
        self
    }

    /// A membership as it was stored. For stores only.
    #[must_use]
    pub fn restore(stored: StoredMembership) -> Self {
        Self {
            id: stored.id,
            details: stored.details,
            status: stored.status,
            source: stored.source,
            invited_by: stored.invited_by,
            last_login_at: stored.last_login_at,
            unlocked_at: stored.unlocked_at,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        }
    }

    /// The id; what a tenant's API calls `users[].id`.
    #[must_use]
    pub const fn id(&self) -> MembershipId {
        self.id
    }

    /// The human.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.details.user
    }

    /// The address, as this tenant knows it.
    #[must_use]
    pub const fn email(&self) -> &EmailAddress {
        &self.details.email
    }

    /// The name, as this tenant knows it.
    #[must_use]
    pub const fn name(&self) -> Option<&DisplayName> {
        self.details.name.as_ref()
    }

    /// The role's code.
    #[must_use]
    pub const fn role(&self) -> &Code {
        &self.details.role
    }

    /// Permissions beyond the role.
    #[must_use]
    pub const fn extra(&self) -> &PermissionSet {
        &self.details.extra
    }

    /// What the tenant knows of the person and lets them do.
    #[must_use]
    pub const fn details(&self) -> &MembershipDetails {
        &self.details
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> &MembershipStatus {
        &self.status
    }

    /// Where it stands, without circumstances.
    #[must_use]
    pub const fn state(&self) -> MembershipState {
        self.status.state()
    }

    /// How it came about.
    #[must_use]
    pub const fn source(&self) -> MembershipSource {
        self.source
    }

    /// When this tenant last ended a wait of theirs.
    #[must_use]
    pub const fn unlocked_at(&self) -> Option<OffsetDateTime> {
        self.unlocked_at
    }

    /// Whether an invitation can be accepted at `now`; `None` for what is no invitation any more.
    #[must_use]
    pub fn is_acceptable(&self, now: OffsetDateTime) -> Option<bool> {
        match self.status {
            MembershipStatus::Invited { expires_at } => Some(now < expires_at),
            MembershipStatus::Active | MembershipStatus::Deactivated { .. } => None,
        }
    }

    /// Who invited, if a member did.
    #[must_use]
    pub const fn invited_by(&self) -> Option<MembershipId> {
        self.invited_by
    }

    /// When the person last signed in to this tenant.
    #[must_use]
    pub const fn last_login_at(&self) -> Option<OffsetDateTime> {
        self.last_login_at
    }

    /// When it came to be.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// When it last changed.
    #[must_use]
    pub const fn updated_at(&self) -> OffsetDateTime {
        self.updated_at
    }

    /// The version as it was read from the store; an update is refused when it is no longer that.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The membership as it stands after an update has written it: one version on.
    #[must_use]
    pub const fn saved(mut self) -> Self {
        self.version += 1;
        self
    }

    /// Gives another role and other extra permissions. `None` when they are the same.
    pub fn change_role(&mut self, role: Code, extra: PermissionSet, now: OffsetDateTime) -> Option<Event> {
        if self.details.role == role && self.details.extra == extra {
            return None;
        }
        let event = Event::new("membership.role_changed", self.id)
            .change("role", self.details.role.as_str(), role.as_str())
            .change("permissions", names(&self.details.extra), names(&extra));
        self.details.role = role;
        self.details.extra = extra;
        self.updated_at = now;
        Some(event)
    }

    /// Changes what the tenant knows of the person; each `None` leaves a field. `None` when nothing changed.
    pub fn describe(&mut self, change: DetailsChange, now: OffsetDateTime) -> Option<Event> {
        let before = self.details.clone();
        if let Some(name) = change.name {
            self.details.name = Some(name);
        }
        if let Some(department) = change.department {
            self.details.department = department;
        }
        if let Some(position) = change.position {
            self.details.position = position;
        }
        if self.details == before {
            return None;
        }
        self.updated_at = now;
        let note = |note: &Option<Note>| note.as_ref().map(Note::to_string);
        let name = |name: &Option<DisplayName>| name.as_ref().map(DisplayName::to_string);
        Some(
            Event::new("membership.updated", self.id)
                .of(self.user())
                .change("name", name(&before.name), name(&self.details.name))
                .change("department", note(&before.department), note(&self.details.department))
                .change("position", note(&before.position), note(&self.details.position)),
        )
    }

    /// Closes the tenant to an active member.
    ///
    /// # Errors
    /// [`WrongState::NotActive`].
    pub fn deactivate(&mut self, now: OffsetDateTime) -> Result<Event, WrongState> {
        if self.state() != MembershipState::Active {
            return Err(WrongState::NotActive);
        }
        Ok(self.move_to("membership.deactivated", MembershipStatus::Deactivated { at: now }, now))
    }

    /// Opens the tenant again to a deactivated member.
    ///
    /// # Errors
    /// [`WrongState::NotDeactivated`].
    pub fn reactivate(&mut self, now: OffsetDateTime) -> Result<Event, WrongState> {
        if self.state() != MembershipState::Deactivated {
            return Err(WrongState::NotDeactivated);
        }
        Ok(self.move_to("membership.reactivated", MembershipStatus::Active, now))
    }

    /// Accepts the invitation. The caller has checked the token and the verified address.
    ///
    /// # Errors
    /// [`WrongState::NotInvited`], [`WrongState::Expired`].
    pub fn accept(&mut self, name: Option<DisplayName>, now: OffsetDateTime) -> Result<Event, WrongState> {
        let MembershipStatus::Invited { expires_at } = self.status else {
            return Err(WrongState::NotInvited);
        };
        if now >= expires_at {
            return Err(WrongState::Expired);
        }
        if name.is_some() {
            self.details.name = name;
        }
        Ok(self.move_to("membership.joined", MembershipStatus::Active, now))
    }

    /// Extends a pending invitation; its mail is sent again. An expired one comes back to life.
    ///
    /// # Errors
    /// [`WrongState::NotInvited`].
    pub fn resend(&mut self, expires_at: OffsetDateTime, now: OffsetDateTime) -> Result<Event, WrongState> {
        let MembershipStatus::Invited { expires_at: before } = self.status else {
            return Err(WrongState::NotInvited);
        };
        self.status = MembershipStatus::Invited { expires_at };
        self.updated_at = now;
        Ok(Event::new("membership.invitation_resent", self.id).change("expires_at", before, expires_at))
    }

    /// Notes that the tenant ends the wait that wrong passwords brought. Whether there was one belongs to the person,
    /// and is told nowhere here.
    ///
    /// # Errors
    /// [`WrongState::NotActive`]: whoever has not joined is none of the tenant's business;
    /// [`WrongState::UnlockedRecently`] within [`Membership::UNLOCK_PAUSE`].
    pub fn unlock(&mut self, now: OffsetDateTime) -> Result<Event, WrongState> {
        if self.state() != MembershipState::Active {
            return Err(WrongState::NotActive);
        }
        if self.unlocked_at.is_some_and(|before| now < before + Self::UNLOCK_PAUSE) {
            return Err(WrongState::UnlockedRecently);
        }
        self.unlocked_at = Some(now);
        self.updated_at = now;
        Ok(Event::new("membership.unlocked", self.id))
    }

    /// Notes that something of theirs changed that is kept elsewhere: their further roles.
    pub const fn touched(&mut self, now: OffsetDateTime) {
        self.updated_at = now;
    }

    /// Notes that the person signed in. Says nothing to the audit log: the sign-in itself does.
    pub const fn signed_in(&mut self, now: OffsetDateTime) {
        self.last_login_at = Some(now);
    }

    /// The event that tells how it came to be: invited or joined.
    #[must_use]
    pub fn created(&self) -> Event {
        let action = match self.status {
            MembershipStatus::Invited { .. } => "membership.invited",
            _ => "membership.created",
        };
        let event = Event::new(action, self.id)
            .of(self.user())
            .set("email", self.details.email.as_str())
            .set("role", self.details.role.as_str())
            .set("status", self.state().as_str());
        let event = if self.details.extra.is_empty() {
            event
        } else {
            event.set("permissions", names(&self.details.extra))
        };
        event.set("source", self.source.as_str())
    }

    /// The event that tells of its removal.
    #[must_use]
    pub fn removed(&self) -> Event {
        let action = match self.status {
            MembershipStatus::Invited { .. } => "membership.invitation_revoked",
            _ => "membership.removed",
        };
        self.gone(action)
            .change("email", self.details.email.as_str(), Value::Null)
    }

    /// The event that tells that the member left by themself, or declined an invitation.
    #[must_use]
    pub fn left(&self) -> Event {
        let action = match self.status {
            MembershipStatus::Invited { .. } => "membership.invitation_declined",
            _ => "membership.left",
        };
        self.gone(action)
            .change("email", self.details.email.as_str(), Value::Null)
    }

    /// The event that tells of its removal together with all that is known of the person. It says nothing of them.
    #[must_use]
    pub fn erased(&self) -> Event {
        self.gone("membership.erased")
    }

    /// The event that tells that it was given up because the same human has another membership of the tenant.
    #[must_use]
    pub fn absorbed(&self) -> Event {
        self.gone("membership.absorbed")
    }

    fn gone(&self, action: &'static str) -> Event {
        Event::new(action, self.id)
            .of(self.user())
            .change("role", self.details.role.as_str(), Value::Null)
            .change("status", self.state().as_str(), Value::Null)
    }

    /// Changes the address by which the tenant knows the person. `None` when it is the same.
    pub fn known_as(&mut self, email: EmailAddress, now: OffsetDateTime) -> Option<Event> {
        if self.details.email == email {
            return None;
        }
        let event = Event::new("membership.updated", self.id).of(self.user()).change(
            "email",
            self.details.email.as_str(),
            email.as_str(),
        );
        self.details.email = email;
        self.updated_at = now;
        Some(event)
    }

    /// Hands it to another account of the same human. What the tenant knows of them stays.
    pub fn hand_over(&mut self, to: UserId, now: OffsetDateTime) -> Event {
        self.details.user = to;
        self.updated_at = now;
        // Whose account it was is not the tenant's to know.
        Event::new("membership.account_merged", self.id)
    }

    fn move_to(&mut self, action: &'static str, status: MembershipStatus, now: OffsetDateTime) -> Event {
        let event = Event::new(action, self.id).change("status", self.state().as_str(), status.state().as_str());
        self.status = status;
        self.updated_at = now;
        event
    }
}

/// A change to what a tenant knows of a member: `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailsChange {
    /// A new name.
    pub name: Option<DisplayName>,
    /// A new department, or none.
    pub department: Option<Option<Note>>,
    /// A new position, or none.
    pub position: Option<Option<Note>>,
}

fn names(permissions: &PermissionSet) -> Vec<String> {
    permissions.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
