//! Accepting an invitation: the mail that makes a member.

use std::sync::Arc;

use tenantry_identity::email::note_held;
use tenantry_identity::factor::{self, Factors};
use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, Purpose, TokenState};
use tenantry_identity::password::{PasswordJudge, PasswordOwner, TenantAsks, Unfit};
use tenantry_identity::session::{Method, Methods};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PasswordHasher, User, UserRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Cipher, Clock, DisplayName, FieldError, MembershipId, Origin, Principal, Secret, SessionId, TenantId, TenantScope,
    UserId, retry,
};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::membership::steps;
use tenantry_tenancy::membership::{Membership, MembershipRepository, MembershipStatus, WrongState};
use tenantry_tenancy::role::{OwnRoles, RoleBook};

use super::error::{MembersError, overtaken};
use super::screening;
use crate::joining::Newcomers;
use crate::password_demands::asked_by;
use crate::store::{LifecycleStore, LifecycleUnit};

/// The answer to an invitation.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The token of the mail's link.
    pub token: Secret<String>,
    /// What they want to be called.
    pub name: Option<DisplayName>,
    /// Their password; needed when they have none yet, or when their address was never verified.
    pub password: Option<Secret<String>>,
    /// Who asks, when they are signed in: the invitation must be theirs.
    pub signed_in: Option<(UserId, SessionId)>,
}

/// Somebody joined.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The tenant they joined.
    pub tenant: TenantId,
    /// Their membership.
    pub membership: Membership,
}

/// What accepting invitations needs.
pub struct AcceptParts {
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether they will do.
    pub judge: Arc<PasswordJudge>,
    /// Who is told that an address is held.
    pub newcomers: Arc<dyn Newcomers>,
    /// Fingerprints.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The catalog's roles.
    pub roles: Arc<RoleBook>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Accepts invitations.
pub struct AcceptService(AcceptParts);

/// What an invitation's token stands for.
struct Invited {
    user: UserId,
    tenant: TenantId,
    membership: MembershipId,
    token: OneTimeToken,
}

/// How often an acceptance is tried when others are in the way.
const TRIES: u8 = 5;

impl AcceptService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: AcceptParts) -> Self {
        Self(parts)
    }

    /// Joins the tenant. Following the link proves the address; role and address come from storage.
    ///
    /// # Errors
    /// [`MembersError::InvitationUnknown`] (also when expired), [`MembersError::InvitationGone`] when used or
    /// revoked; [`MembersError::InvitationNotYours`] and [`MembersError::AddressNotVerified`] for somebody who is
    /// signed in; [`MembersError::InvitationRoleGone`]; a missing or weak password of somebody who needs one.
    pub async fn accept(&self, request: Accept, origin: Origin) -> Result<Accepted, MembersError> {
        let invited = self.find(request.token.expose()).await?;
        let principal = Principal::Member {
            user: invited.user,
            membership: invited.membership,
            // Without one the link is the proof.
            session: request
                .signed_in
                .map_or(SessionId::from_uuid(Uuid::nil()), |(_, session)| session),
        };
        let scope = self.0.gate.enter_invited(invited.tenant, principal, origin).await?;
        let mut unit = self.0.store.read_spanning(&scope).await?;
        let member = pending(unit.memberships(), &invited, self.0.clock.system_now()).await?;
        let own = steps::read_roles(&mut *unit).await?;
        self.role_stands(&own, &member)?;
        let stored = unit.security_policies().find().await?.unwrap_or_default();
        let tenant = unit.tenants().find().await?;
        drop(unit);
        let called = tenant
            .iter()
            .flat_map(|tenant| [tenant.name().as_str(), tenant.slug().as_str()]);
        let asks = asked_by(&stored.policy, called);
        let hash = self.choose_password(&invited, &request, asks).await?;

        let joined = retry::contended(TRIES, || self.join(&scope, &invited, &request, hash.as_ref()));
        let (membership, newly_held) = joined.await?;
        if newly_held {
            let newcomers = &self.0.newcomers;
            newcomers
                .newly_held(invited.user, membership.email(), scope.origin())
                .await;
        }
        Ok(Accepted {
            tenant: invited.tenant,
            membership,
        })
    }

    /// The member, and whether their address is held from now on.
    async fn join(
        &self,
        scope: &TenantScope,
        invited: &Invited,
        request: &Accept,
        hash: Option<&PasswordHash>,
    ) -> Result<(Membership, bool), MembersError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.store.begin_spanning(scope, Some(invited.user)).await?;
        if !unit.one_time_tokens().use_once(invited.token.id, now).await? {
            return Err(MembersError::InvitationGone);
        }
        let own = steps::hold_roles(&mut *unit).await?;
        let mut member = pending(unit.memberships(), invited, now).await?;
        self.role_stands(&own, &member)?;
        let stored = unit.security_policies().find().await?.unwrap_or_default();
        screening::allowed(&stored.policy, member.email())?;
        let joined = member.accept(request.name.clone(), now).map_err(refused)?;
        unit.memberships().update(&member).await.map_err(overtaken)?;
        let mut person = active(unit.users(), invited.user).await?;
        if needs_password(&person) {
            // Its own password was set after this request looked: the caller tries again without one.
            let hash = hash.ok_or(MembersError::InvitationGone)?;
            if person.email_verified_at().is_none() {
                factor::forget_all(&mut *unit).await?;
            }
            person.set_password(hash.clone());
            if let Some(name) = &request.name {
                person.rename(name.clone());
            }
            // Whoever set an earlier password never showed that they read mail here: they are out.
            unit.sessions().end_all_except(None, now).await?;
        }
        // Who accepts at another address of theirs has proved that one before.
        if *member.email() == *person.email() {
            person.verify_email(now);
        }
        unit.users().update(&person).await.map_err(overtaken)?;
        let shown = Self::shown(&mut *unit, request, hash).await?;
        let newly_held = note_held(&mut *unit, &person, member.email(), shown, now).await?;
        // The person's own part has no event: the tenant's log must not tell whether they were known before.
        unit.commit(vec![joined]).await?;
        Ok((member.saved(), newly_held))
    }

    /// What whoever accepts showed of the account, beside the mail.
    async fn shown(
        unit: &mut dyn LifecycleUnit,
        request: &Accept,
        hash: Option<&PasswordHash>,
    ) -> Result<Methods, MembersError> {
        let session = match request.signed_in {
            Some((_, session)) => unit.sessions().find(session).await?,
            None => None,
        };
        let shown = session.map(|session| session.methods()).unwrap_or_default();
        // Who chooses the password here has it.
        Ok(if hash.is_some() {
            shown.with(Method::Password)
        } else {
            shown
        })
    }

    /// The role that was promised may have left the catalog since: nobody joins as something that does not exist. A role
    /// of the tenant's own stays as long as somebody is invited with it.
    fn role_stands(&self, own: &OwnRoles, member: &Membership) -> Result<(), MembersError> {
        let stands = own.book(&self.0.roles).get(member.role()).is_some();
        stands.then_some(()).ok_or(MembersError::InvitationRoleGone)
    }

    async fn find(&self, text: &str) -> Result<Invited, MembersError> {
        let text = OneTimeText::parse(text).ok_or(MembersError::InvitationUnknown)?;
        let mut unit = self.0.people.read_person(text.user()).await?;
        let found = unit.one_time_tokens().find(&text.fingerprint(&*self.0.cipher)).await?;
        let token = found.ok_or(MembersError::InvitationUnknown)?;
        let (Purpose::Invitation, Some(tenant), Some(membership)) = (token.purpose, token.tenant, token.membership)
        else {
            return Err(MembersError::InvitationUnknown);
        };
        match token.state(self.0.clock.system_now()) {
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

    /// The hash to set, for a person who needs a password. An invitation never changes one that its owner chose.
    async fn choose_password(
        &self,
        invited: &Invited,
        request: &Accept,
        asks: TenantAsks,
    ) -> Result<Option<PasswordHash>, MembersError> {
        let mut unit = self.0.people.read_person(invited.user).await?;
        let person = active(unit.users(), invited.user).await?;
        // Until the address is proved, factors are worth nothing: they go when the password is set.
        let has_factor = person.email_verified_at().is_some() && Factors::of(unit.factors()).await?.any();
        drop(unit);
        if let Some((user, _)) = request.signed_in {
            // Whoever is signed in as another does not join as this one by mistake, and a session alone, opened with
            // a password that nobody vouched for, lets nobody in.
            if user != invited.user {
                return Err(MembersError::InvitationNotYours);
            }
            if person.email_verified_at().is_none() {
                return Err(MembersError::AddressNotVerified);
            }
        }
        if !needs_password(&person) {
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
        let mut demand = self.0.judge.demand_of(invited.user).await?;
        demand.raise(asks);
        let owner = PasswordOwner {
            email: person.email(),
            name: &name,
            guarded: PasswordJudge::is_guarded(&person, has_factor, &demand),
        };
        match self.0.judge.admit(secret, &owner, &demand).await {
            Ok(()) => {}
            Err(Unfit::Weak(weak)) => return Err(field(weak.code(), weak.to_string())),
            Err(Unfit::Unmeasured(cause)) => return Err(cause.into()),
        }
        Ok(Some(self.0.hasher.hash(secret.clone()).await?))
    }
}

/// True when there is no password, or one that somebody chose who never verified the address: a stranger may have
/// signed up with it and waited for the invitation.
fn needs_password(person: &User) -> bool {
    person.password_hash().is_none() || person.email_verified_at().is_none()
}

/// The membership that the token invites to, as long as it is the invitation's latest mail.
async fn pending(
    members: &mut dyn MembershipRepository,
    invited: &Invited,
    now: OffsetDateTime,
) -> Result<Membership, MembersError> {
    let found = members.find(invited.membership).await?;
    let member = found.filter(|member| member.user() == invited.user);
    let member = member.ok_or(MembersError::InvitationGone)?;
    match member.status() {
        MembershipStatus::Invited { expires_at } if *expires_at != invited.token.expires_at => {
            Err(MembersError::InvitationGone)
        }
        MembershipStatus::Invited { expires_at } if now >= *expires_at => Err(MembersError::InvitationUnknown),
        MembershipStatus::Invited { .. } => Ok(member),
        MembershipStatus::Active | MembershipStatus::Deactivated { .. } => Err(MembersError::InvitationGone),
    }
}

async fn active(users: &mut dyn UserRepository, id: UserId) -> Result<User, MembersError> {
    let found = users.find(id).await?;
    found.filter(User::is_active).ok_or(MembersError::InvitationGone)
}

const fn refused(state: WrongState) -> MembersError {
    match state {
        WrongState::Expired => MembersError::InvitationUnknown,
        _ => MembersError::InvitationGone,
    }
}
