//! Joining, asking, taking the request back.

use tenantry_identity::user::User;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    EmailAddress, EmailDomain, MembershipId, Origin, PermissionSet, Principal, SessionId, TenantId, TenantScope,
    UserId, retry,
};
use tenantry_tenancy::joining::{JoinRequest, JoinRequestId, RequestState};
use tenantry_tenancy::membership::{
    MemberError, Membership, MembershipDetails, MembershipSource, MembershipState, steps,
};
use tenantry_tenancy::role::RoleDefinition;
use tenantry_tenancy::security::{JoinMode, SecurityPolicy};
use tenantry_tenancy::tenant::TenantState;

use super::suggest::MOST;
use super::{JoinError, JoiningService, TRIES, domains, held, letter};
use crate::access::Person;
use crate::members::{MembersError, overtaken, screening};
use crate::seats;
use crate::store::LifecycleUnit;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are a member.
    Member(Box<Membership>),
    /// Somebody of the tenant decides.
    Requested(JoinRequest),
}

/// Somebody joined, or asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Which tenant.
    pub tenant: TenantId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a person is content with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// To join, or else to ask.
    JoinOrAsk,
    /// To join without asking anybody.
    JoinAtOnce,
}

/// What lets a person come near a tenant.
enum Claim {
    /// They were invited.
    Invitation(MembershipId),
    /// The tenant proved the domain of an address of theirs. They will be this member, if they will.
    Domain(MembershipId),
}

/// A claim, as the unit that decides found it.
struct Claimant {
    user: User,
    email: EmailAddress,
    policy: SecurityPolicy,
}

impl JoiningService {
    /// Joins a tenant that invited a held address of the person, or whose policy lets them in by its domain; where it
    /// does so on request, asks. Asking again while a request waits changes nothing.
    ///
    /// # Errors
    /// `NotFound` where the person has no claim, as for a tenant that does not exist. `Declined`, and what answers to
    /// invitations are refused: a member already, no seat, another domain than the policy allows, not from this address.
    pub async fn join(&self, person: &Person, tenant: &str, origin: Origin) -> Result<Joined, JoinError> {
        let id = self.named(tenant).await?.ok_or(JoinError::NotFound)?;
        let (membership, invited) = match self.claim(person.user, id).await?.ok_or(JoinError::NotFound)? {
            Claim::Invitation(membership) => (membership, true),
            Claim::Domain(membership) => (membership, false),
        };
        let scope = self.enter(id, person.user, membership, person.session, origin).await?;
        let outcome = if invited {
            retry::contended(TRIES, || self.try_accept(&scope, person.user, membership)).await?
        } else {
            let wish = Wish::JoinOrAsk;
            retry::contended(TRIES, || self.try_join(&scope, person.user, membership, wish)).await?
        };
        Ok(Joined { tenant: id, outcome })
    }

    /// An address is held from now on: where exactly one tenant lets people at its domain in by themselves, the person is a
    /// member of it now. Whatever stands in the way (no seat, several tenants, an address that the tenant does not allow
    /// calls from) leaves it a suggestion.
    ///
    /// # Errors
    /// The store's.
    pub async fn held(&self, user: UserId, email: &EmailAddress, origin: Origin) -> Result<Option<Joined>, JoinError> {
        let domain = domains(std::slice::from_ref(email));
        let mut open = Vec::new();
        for (_, id) in self.0.directory.proved_by(&domain, MOST).await? {
            let found = self.welcoming(id).await?;
            if found.is_some_and(|tenant| tenant.security.domain_join.mode == JoinMode::Auto) {
                open.push(id);
            }
        }
        let [tenant] = open.as_slice() else { return Ok(None) };
        if self.0.access.membership_of(*tenant, user).await?.is_some() {
            return Ok(None);
        }
        let membership = MembershipId::from_uuid(self.0.ids.next());
        // Whoever follows the link of a mail has no session: the link is the proof.
        let session = SessionId::from_uuid(Uuid::nil());
        let joined = async {
            let scope = self.enter(*tenant, user, membership, session, origin).await?;
            let wish = Wish::JoinAtOnce;
            retry::contended(TRIES, || self.try_join(&scope, user, membership, wish)).await
        };
        match joined.await {
            Ok(outcome) => Ok(Some(Joined {
                tenant: *tenant,
                outcome,
            })),
            Err(JoinError::Members(MembersError::Member(MemberError::Store(cause)))) => Err(cause.into()),
            Err(_) => Ok(None),
        }
    }

    /// Takes a request back. The person may ask again.
    ///
    /// # Errors
    /// `NotFound` when none waits; the store's.
    pub async fn withdraw(&self, person: &Person, tenant: &str, origin: Origin) -> Result<(), JoinError> {
        let id = self.named(tenant).await?.ok_or(JoinError::NotFound)?;
        let now = self.0.clock.system_now();
        let requests = self.0.directory.requests_of(person.user).await?;
        let found = requests
            .into_iter()
            .find(|(asked, request)| *asked == id && request.waits(now));
        let (_, request) = found.ok_or(JoinError::NotFound)?;
        let holder = Principal::Member {
            user: person.user,
            membership: request.membership(),
            session: person.session,
        };
        let scope = self.0.gate.enter_to_end(id, holder, origin).await?;
        retry::contended(TRIES, || async {
            let mut unit = self.0.store.begin_spanning(&scope, None).await?;
            let requests = unit.join_requests();
            if !requests.replace(RequestState::Pending, &request.taken_back()).await? {
                return Err(JoinError::NotFound);
            }
            unit.commit(vec![request.withdrawn()]).await?;
            Ok(())
        })
        .await
    }

    async fn claim(&self, user: UserId, tenant: TenantId) -> Result<Option<Claim>, JoinError> {
        let access = &self.0.access;
        if let Some(membership) = access.membership_of(tenant, user).await? {
            let member = access.member(tenant, membership).await?;
            return match member.map(|member| member.status) {
                Some(MembershipState::Invited) => Ok(Some(Claim::Invitation(membership))),
                Some(_) => Err(MemberError::AlreadyMember.into()),
                None => Ok(None),
            };
        }
        let domains = domains(&self.held_by(user).await?);
        if domains.is_empty() || self.welcoming(tenant).await?.is_none() {
            return Ok(None);
        }
        let scope = self.0.gate.enter_as_system(tenant, "joining").await?;
        let mut unit = self.0.store.read_spanning(&scope).await?;
        if unit.mail_domains().proved(&domains).await?.is_empty() {
            return Ok(None);
        }
        // Whoever asked before goes by the same name in the log.
        let asked = unit.join_requests().find_by_user(user).await?;
        let membership = asked.map_or_else(
            || MembershipId::from_uuid(self.0.ids.next()),
            |request| request.membership(),
        );
        Ok(Some(Claim::Domain(membership)))
    }

    async fn enter(
        &self,
        tenant: TenantId,
        user: UserId,
        membership: MembershipId,
        session: SessionId,
        origin: Origin,
    ) -> Result<TenantScope, JoinError> {
        let principal = Principal::Member {
            user,
            membership,
            session,
        };
        Ok(self.0.gate.enter_invited(tenant, principal, origin).await?)
    }

    /// Accepts an invitation without its mail: the person holds the address that was invited.
    async fn try_accept(
        &self,
        scope: &TenantScope,
        user: UserId,
        membership: MembershipId,
    ) -> Result<Outcome, JoinError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let found = unit.users().find(user).await?.filter(User::is_active);
        let person = found.ok_or(JoinError::NotFound)?;
        let found = unit.memberships().find(membership).await?;
        let mut member = found
            .filter(|member| member.user() == user)
            .ok_or(JoinError::NotFound)?;
        if member.state() != MembershipState::Invited {
            return Err(MemberError::AlreadyMember.into());
        }
        if !held(&mut *unit, &person).await?.contains(member.email()) {
            return Err(MembersError::AddressNotVerified.into());
        }
        if own.book(self.0.catalog.roles()).get(member.role()).is_none() {
            return Err(MembersError::InvitationRoleGone.into());
        }
        let stored = unit.security_policies().find().await?.unwrap_or_default();
        screening::allowed(&stored.policy, member.email())?;
        let event = member.accept(None, now).map_err(MembersError::from)?;
        unit.memberships().update(&member).await.map_err(overtaken)?;
        unit.commit(vec![event]).await?;
        Ok(Outcome::Member(Box::new(member.saved())))
    }

    async fn try_join(
        &self,
        scope: &TenantScope,
        user: UserId,
        membership: MembershipId,
        wish: Wish,
    ) -> Result<Outcome, JoinError> {
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        steps::hold_roles(&mut *unit).await?;
        let claimant = claimant(&mut *unit, user).await?;
        if unit.memberships().find_by_user(user).await?.is_some() {
            return Err(MemberError::AlreadyMember.into());
        }
        let barred = unit.join_requests().is_barred(user).await?;
        match self.automatic_role(&claimant.policy) {
            Some(role) if !barred => self.let_in(scope, unit, &claimant, membership, role).await,
            _ if wish == Wish::JoinAtOnce => Err(JoinError::NotFound),
            _ => self.ask(scope, unit, &claimant, membership).await,
        }
    }

    /// Makes them a member. A request that waits has its answer with that.
    async fn let_in(
        &self,
        scope: &TenantScope,
        mut unit: Box<dyn LifecycleUnit>,
        claimant: &Claimant,
        membership: MembershipId,
        role: &RoleDefinition,
    ) -> Result<Outcome, JoinError> {
        let now = self.0.clock.now(scope);
        let details = MembershipDetails {
            user: claimant.user.id(),
            email: claimant.email.clone(),
            name: Some(claimant.user.record().name.clone()),
            role: role.code.clone(),
            extra: PermissionSet::default(),
            department: None,
            position: None,
        };
        let member = Membership::join(membership, details, now).sourced(MembershipSource::Domain);
        unit.memberships().insert(&member).await?;
        seats::adjust(&mut *unit, &self.0.catalog, 1, now).await?;
        unit.join_requests().forget(claimant.user.id()).await?;
        unit.commit(vec![member.created()]).await?;
        Ok(Outcome::Member(Box::new(member)))
    }

    async fn ask(
        &self,
        scope: &TenantScope,
        mut unit: Box<dyn LifecycleUnit>,
        claimant: &Claimant,
        membership: MembershipId,
    ) -> Result<Outcome, JoinError> {
        let now = self.0.clock.now(scope);
        let user = claimant.user.id();
        let (email, name) = (claimant.email.clone(), claimant.user.record().name.clone());
        let before = unit.join_requests().find_by_user(user).await?;
        let (request, tell) = match before {
            Some(waiting) if waiting.waits(now) => return Ok(Outcome::Requested(waiting)),
            Some(before) if !before.is_over(now) => {
                if let Some(until) = before.refused_until(now) {
                    return Err(JoinError::Declined { until });
                }
                let (again, tell) = before.asked_again(email, name, now);
                if !unit.join_requests().replace(before.record().state, &again).await? {
                    return Err(tenantry_kernel::StoreError::Contended.into());
                }
                (again, tell)
            }
            before => {
                if before.is_some() {
                    unit.join_requests().forget(user).await?;
                }
                let id = JoinRequestId::from_uuid(membership.as_uuid());
                let request = JoinRequest::ask(id, user, email, name, now);
                unit.join_requests().insert(&request).await?;
                (request, true)
            }
        };
        let mut event = request.made();
        if tell {
            event.mails = letter::to_deciders(&mut *unit, &self.0.catalog, &claimant.policy, &request).await?;
        }
        unit.commit(vec![event]).await?;
        Ok(Outcome::Requested(request))
    }
}

/// Who claims, by which address, under which policy; all as of this unit.
async fn claimant(unit: &mut dyn LifecycleUnit, user: UserId) -> Result<Claimant, JoinError> {
    let found = unit.users().find(user).await?.filter(User::is_active);
    let person = found.ok_or(JoinError::NotFound)?;
    let open = unit
        .tenants()
        .find()
        .await?
        .is_some_and(|tenant| tenant.status().state() == TenantState::Active);
    let stored = unit.security_policies().find().await?.unwrap_or_default();
    if !open || stored.policy.domain_join.mode == JoinMode::Off {
        return Err(JoinError::NotFound);
    }
    let emails = held(unit, &person).await?;
    let at = unit.mail_domains().proved(&domains(&emails)).await?;
    let mut claims = emails.into_iter().filter(|email| at.contains(&EmailDomain::of(email)));
    let first = claims.next().ok_or(JoinError::NotFound)?;
    let email = if stored.policy.allows_email(&first) {
        first
    } else {
        let other = claims.find(|email| stored.policy.allows_email(email));
        match other {
            Some(email) => email,
            None => return Err(refused(&stored.policy, &first)),
        }
    };
    Ok(Claimant {
        user: person,
        email,
        policy: stored.policy,
    })
}

fn refused(policy: &SecurityPolicy, email: &EmailAddress) -> JoinError {
    match screening::allowed(policy, email) {
        Err(cause) => cause.into(),
        Ok(()) => JoinError::NotFound,
    }
}
