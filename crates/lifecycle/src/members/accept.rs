//! Accepting an invitation, or setting the first password: the two mails that make a member.

use std::sync::Arc;

use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, Purpose, TokenState};
use tenantry_identity::password;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PasswordHasher};
use tenantry_kernel::{
    Cipher, Clock, DisplayName, Event, FieldError, MembershipId, Origin, Principal, Secret, SessionId, TenantId,
    UserId, uuid::Uuid,
};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::membership::Membership;

use super::error::MembersError;
use crate::store::LifecycleStore;

/// The answer to an invitation.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The token of the mail's link.
    pub token: Secret<String>,
    /// What they want to be called.
    pub name: Option<DisplayName>,
    /// Their password; needed when they have none yet.
    pub password: Option<Secret<String>>,
}

/// Somebody joined.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The tenant they joined.
    pub tenant: TenantId,
    /// Their membership.
    pub membership: Membership,
}

/// Accepts invitations.
pub struct AcceptService {
    people: Arc<dyn IdentityStore>,
    store: Arc<dyn LifecycleStore>,
    hasher: Arc<dyn PasswordHasher>,
    cipher: Arc<dyn Cipher>,
    clock: Arc<dyn Clock>,
    gate: Gate,
}

/// What an invitation's token stands for.
struct Invited {
    user: UserId,
    tenant: TenantId,
    membership: MembershipId,
    token: OneTimeToken,
}

impl AcceptService {
    /// Works on these stores.
    #[must_use]
    pub fn new(
        people: Arc<dyn IdentityStore>,
        store: Arc<dyn LifecycleStore>,
        hasher: Arc<dyn PasswordHasher>,
        cipher: Arc<dyn Cipher>,
        clock: Arc<dyn Clock>,
        gate: Gate,
    ) -> Self {
        Self {
            people,
            store,
            hasher,
            cipher,
            clock,
            gate,
        }
    }

    /// Joins the tenant. Following the link proves the address; role and address come from storage.
    ///
    /// # Errors
    /// [`MembersError::InvitationUnknown`] (also when expired), [`MembersError::InvitationGone`] when used or
    /// revoked; a missing or weak password of somebody who has none yet.
    pub async fn accept(&self, request: Accept, origin: Origin) -> Result<Accepted, MembersError> {
        let invited = self.find(request.token.expose()).await?;
        let hash = self.choose_password(&invited, &request).await?;
        let now = self.clock.system_now();
        let principal = Principal::Member {
            user: invited.user,
            membership: invited.membership,
            session: SessionId::from_uuid(Uuid::nil()), // No session yet: the link is the proof.
        };
        let scope = self.gate.enter_invited(invited.tenant, principal, origin).await?;

        let mut unit = self.store.begin_spanning(&scope, Some(invited.user)).await?;
        if !unit.one_time_tokens().use_once(invited.token.id, now).await? {
            return Err(MembersError::InvitationGone);
        }
        let found = unit.memberships().find(invited.membership).await?;
        let mut member = found.ok_or(MembersError::InvitationGone)?;
        let joined = member.accept(request.name.clone(), now)?;
        unit.memberships().update(&member).await?;
        let mut person = unit
            .users()
            .find(invited.user)
            .await?
            .ok_or(MembersError::InvitationGone)?;
        person.verify_email(now);
        let mut events = vec![joined];
        if let Some(hash) = hash {
            person.set_password(hash);
            events.push(Event::new("user.password_set", invited.user));
            if let Some(name) = request.name {
                person.rename(name);
            }
        }
        unit.users().update(&person).await?;
        unit.commit(events).await?;
        Ok(Accepted {
            tenant: invited.tenant,
            membership: member.saved(),
        })
    }

    async fn find(&self, text: &str) -> Result<Invited, MembersError> {
        let text = OneTimeText::parse(text).ok_or(MembersError::InvitationUnknown)?;
        let mut unit = self.people.read_person(text.user()).await?;
        let found = unit.one_time_tokens().find(&text.fingerprint(&*self.cipher)).await?;
        let token = found.ok_or(MembersError::InvitationUnknown)?;
        let (Purpose::Invitation, Some(tenant), Some(membership)) = (token.purpose, token.tenant, token.membership)
        else {
            return Err(MembersError::InvitationUnknown);
        };
        match token.state(self.clock.system_now()) {
            TokenState::Good => Ok(Invited {
                user: text.user(),
                tenant,
                membership,
                token,
            }),
            TokenState::Spent => Err(MembersError::InvitationGone),
            TokenState::Expired => Err(MembersError::InvitationUnknown),
        }
    }

    /// The hash to set: only for a person without a password. An invitation never changes one.
    async fn choose_password(&self, invited: &Invited, request: &Accept) -> Result<Option<PasswordHash>, MembersError> {
        let mut unit = self.people.read_person(invited.user).await?;
        let person = unit
            .users()
            .find(invited.user)
            .await?
            .ok_or(MembersError::InvitationGone)?;
        drop(unit);
        if person.password_hash().is_some() {
            return Ok(None);
        }
        let field = |code, detail: String| MembersError::Invalid(vec![FieldError::new("password", code, detail)]);
        let Some(secret) = &request.password else {
            return Err(field("missing_field", "choose a password to join".to_owned()));
        };
        let name = request
            .name
            .as_ref()
            .map_or_else(|| person.name().to_owned(), ToString::to_string);
        password::check(secret.expose(), person.email(), &name).map_err(|weak| field(weak.code(), weak.to_string()))?;
        Ok(Some(self.hasher.hash(secret.clone()).await?))
    }
}
