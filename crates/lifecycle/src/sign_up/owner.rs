//! The owner that a tenant starts with: a new person, the caller, or somebody who is asked by mail.

use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use tenantry_identity::session::{self, RefreshText, Session};
use tenantry_identity::user::User;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Event, Mail, MembershipId, PermissionSet, StoreError, UserId};
use tenantry_tenancy::membership::{Invitation, Membership, MembershipDetails, MembershipSource, MembershipStatus};

use super::error::SignUpError;
use super::request::Founder;
use super::service::{Draft, Plan, SignUpService};
use crate::store::LifecycleUnit;

/// What becomes of the owner's person.
#[expect(clippy::large_enum_variant, reason = "there is one of them, for one sign-up")]
pub(super) enum Owner {
    /// Nobody had the address: a new person.
    New(User),
    /// Somebody has it. They accept by mail; nobody else can found in their name.
    Known(UserId),
    /// The signed-in person founds for themselves.
    Themself(UserId),
}

impl Owner {
    pub(super) const fn user(&self) -> UserId {
        match self {
            Self::New(user) => user.id(),
            Self::Known(user) | Self::Themself(user) => *user,
        }
    }
}

impl SignUpService {
    pub(super) async fn draft_owner(&self, plan: &Plan<'_>, now: OffsetDateTime) -> Result<Owner, SignUpError> {
        let known = self.0.people.user_by_email(&plan.request.owner.email).await?;
        Ok(match (known, plan.founder) {
            (Some(user), Founder::Person(person, _)) if person.user == user => Owner::Themself(user),
            (Some(user), _) => Owner::Known(user),
            (None, _) => Owner::New(self.new_person(plan, now)),
        })
    }

    fn new_person(&self, plan: &Plan<'_>, now: OffsetDateTime) -> User {
        let owner = &plan.request.owner;
        let id = UserId::from_uuid(self.0.ids.next());
        let locale = plan.request.locale.clone().unwrap_or_default();
        let mut user = User::register(id, owner.email.clone(), owner.name.clone(), locale, now);
        if let Some(hash) = &plan.hash {
            user.set_password(hash.clone());
        }
        user
    }

    pub(super) fn draft_membership(&self, plan: &Plan<'_>, owner: &Owner, now: OffsetDateTime) -> Membership {
        let id = MembershipId::from_uuid(self.0.ids.next());
        let details = MembershipDetails {
            user: owner.user(),
            email: plan.request.owner.email.clone(),
            name: Some(plan.request.owner.name.clone()),
            role: self.0.catalog.roles().owner().code.clone(),
            extra: PermissionSet::default(),
            department: None,
            position: None,
        };
        if !plan.asks(owner) {
            return Membership::join(id, details, now).sourced(MembershipSource::SignUp);
        }
        let expires_at = now + Duration::days(i64::from(self.0.catalog.invitation_days()));
        Membership::invite(id, details, Invitation { by: None, expires_at }, now).sourced(MembershipSource::SignUp)
    }

    /// Person, membership, first mail, and a session for a new owner who may act at once.
    pub(super) async fn write_owner(
        &self,
        unit: &mut dyn LifecycleUnit,
        draft: &Draft<'_>,
        events: &mut Vec<Event>,
    ) -> Result<Option<(Session, RefreshText)>, SignUpError> {
        let Draft {
            plan,
            owner,
            member,
            now,
            ..
        } = draft;
        if let Owner::New(user) = owner {
            unit.users().insert(user).await?;
            // By the id the tenant knows: a global one would tell since when the person exists.
            let registered = Event::new("user.registered", member.id()).of(user.id());
            events.push(registered.set("email", user.email().as_str()));
        }
        unit.memberships().insert(member).await?;
        events.push(self.greet(unit, draft).await?);
        // Only who signs up for themselves is handed tokens: an operator never gets an owner's.
        let acts_at_once = matches!((owner, plan.founder), (Owner::New(_), Founder::Public(_)));
        if !(acts_at_once && plan.hash.is_some() && self.0.allow_unverified) {
            return Ok(None);
        }
        let mut session = Session::start(draft.session, owner.user(), plan.founder.origin(), &self.0.policy, *now);
        session.act_in(draft.tenant.id(), member.id());
        let keys = (&*self.0.cipher, &*self.0.entropy, &*self.0.ids);
        let refresh = session::open(unit.sessions(), &session, &self.0.policy, keys, *now).await?;
        events.push(Event::new("session.started", session.id()));
        Ok(Some((session, refresh)))
    }

    /// The membership's event, with the one mail that the owner gets.
    async fn greet(&self, unit: &mut dyn LifecycleUnit, draft: &Draft<'_>) -> Result<Event, StoreError> {
        let Draft {
            plan, owner, member, ..
        } = draft;
        let (template, purpose) = match (owner, plan.founder) {
            (Owner::Themself(_), _) => return Ok(member.created()),
            (_, Founder::Operator(_)) if plan.asks(owner) => ("invitation", Purpose::Invitation),
            (Owner::Known(_), _) => ("already_registered", Purpose::Invitation),
            (Owner::New(_), _) if plan.hash.is_some() => ("welcome", Purpose::VerifyEmail),
            (Owner::New(_), _) => ("set_password", Purpose::SetPassword),
        };
        let invited = (purpose == Purpose::Invitation).then(|| (draft.tenant.id(), member.id()));
        let tenant = invited.map(|(tenant, _)| tenant);
        let text = OneTimeText::mint(purpose, owner.user(), tenant, &*self.0.entropy);
        let id = OneTimeTokenId::from_uuid(self.0.ids.next());
        let membership = invited.map(|(_, member)| member);
        let mut token = OneTimeToken::issue(id, &text, membership, &*self.0.cipher, draft.now);
        if let MembershipStatus::Invited { expires_at } = member.status() {
            token.expires_at = *expires_at;
        }
        unit.one_time_tokens().insert(&token).await?;
        Ok(member.created().mail(Mail {
            template,
            to: member.email().clone(),
            locale: draft.tenant.profile().locale.as_str().to_owned(),
            fields: vec![
                ("name", plan.request.owner.name.to_string()),
                ("tenant", plan.request.name.to_string()),
                ("product", self.0.catalog.display().to_owned()),
            ],
            token: Some(text.to_text()),
        }))
    }
}

impl Plan<'_> {
    /// True when the owner has to accept first: somebody who exists already, and whom an operator names without
    /// choosing a password for them.
    fn asks(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Known(_) => true,
            Owner::New(_) => self.hash.is_none() && matches!(self.founder, Founder::Operator(_)),
            Owner::Themself(_) => false,
        }
    }
}

impl Draft<'_> {
    /// The owner as the caller may see them. To anyone but an operator an address that was known looks like one
    /// that was not.
    pub(super) fn shown_owner(&self) -> Membership {
        match self.plan.founder {
            Founder::Operator(_) => self.member.clone(),
            Founder::Public(_) | Founder::Person(..) => {
                let (id, details) = (self.member.id(), self.member.details().clone());
                Membership::join(id, details, self.now).sourced(MembershipSource::SignUp)
            }
        }
    }
}
