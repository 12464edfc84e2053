//! The use case.

use std::sync::Arc;

use tenantry_billing::account::BillingAccount;
use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::{Quantity, Subscription, SubscriptionId, Terms};
use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use tenantry_identity::password;
use tenantry_identity::session::{self, RefreshText, Session, SessionPolicy};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PasswordHasher, User};
use tenantry_kernel::retry;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{
    Cipher, Clock, Currency, EmailAddress, Entropy, Event, FieldError, IdSource, Mail, MembershipId, PermissionSet,
    Principal, Receipt, SessionId, StoreError, TenantId, TenantScope, UserId,
};
use tenantry_quotas::gauge::Consumption;
use tenantry_quotas::meter::MeterSource;
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::membership::{Invitation, Membership, MembershipDetails};
use tenantry_tenancy::tenant::{Profile, SLUG_TAKEN, Slug, Tenant};

use super::error::SignUpError;
use super::request::{Founder, SignUp};
use crate::catalog::{Catalog, Offer};
use crate::roles::PLATFORM_MANAGE;
use crate::store::{LifecycleStore, LifecycleUnit};
use crate::tokens::{TokenIssuer, Tokens};

/// What a sign-up made.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The tenant.
    pub tenant: Tenant,
    /// The owner's membership.
    pub owner: Membership,
    /// What it subscribed to.
    pub subscription: Subscription,
    /// The owner's tokens, when they signed up with a password and may act at once.
    pub tokens: Option<Tokens>,
}

/// What signing up needs.
pub struct SignUpParts {
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Slugs that are taken.
    pub directory: Arc<dyn AccessDirectory>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Access tokens.
    pub tokens: TokenIssuer,
    /// Fingerprints.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Where scopes are minted.
    pub gate: Gate,
    /// How long sessions last.
    pub policy: SessionPolicy,
    /// True in development: a new owner may act before their address is verified.
    pub allow_unverified: bool,
}

/// Founds tenants.
pub struct SignUpService(SignUpParts);

/// A sign-up whose every question is answered.
struct Plan<'a> {
    request: &'a SignUp,
    founder: &'a Founder,
    offer: &'a Offer,
    cycle: Cycle,
    currency: Currency,
    hash: Option<PasswordHash>,
    receipt: Option<&'a Receipt>,
}

/// The rows of one attempt, not stored yet.
struct Draft<'a> {
    plan: &'a Plan<'a>,
    tenant: Tenant,
    owner: Owner,
    member: Membership,
    session: SessionId,
    now: OffsetDateTime,
}

/// What becomes of the owner's person.
enum Owner {
    /// Nobody had the address: a new person.
    New(User),
    /// Somebody has it. They accept by mail; nobody else can found in their name.
    Known(UserId),
    /// The signed-in person founds for themselves.
    Themself(UserId),
}

impl Owner {
    const fn user(&self) -> UserId {
        match self {
            Self::New(user) => user.id(),
            Self::Known(user) | Self::Themself(user) => *user,
        }
    }
}

impl Plan<'_> {
    /// True when the owner did not sign up themself, or cannot be known to have: they accept by mail first.
    const fn invites(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Known(_) => true,
            Owner::New(_) => matches!(self.founder, Founder::Operator(_)) && self.hash.is_none(),
            Owner::Themself(_) => false,
        }
    }
}

impl SignUpService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: SignUpParts) -> Self {
        Self(parts)
    }

    /// Founds a tenant.
    ///
    /// # Errors
    /// [`SignUpError`]; nothing was written then.
    pub async fn found(
        &self,
        founder: &Founder,
        request: &SignUp,
        receipt: Option<&Receipt>,
    ) -> Result<SignedUp, SignUpError> {
        self.permit(founder)?;
        let (offer, cycle, currency) = self.choose_terms(founder, request)?;
        let hash = self.hash_password(request).await?;

        let plan = Plan {
            request,
            founder,
            offer,
            cycle,
            currency,
            hash,
            receipt,
        };
        retry::contended(3, || self.attempt(&plan)).await
    }

    fn permit(&self, founder: &Founder) -> Result<(), SignUpError> {
        match founder {
            Founder::Operator(scope) => Ok(scope.require(&PLATFORM_MANAGE)?),
            Founder::Public(_) | Founder::Person(..) if self.0.catalog.self_signup() => Ok(()),
            Founder::Public(_) | Founder::Person(..) => Err(SignUpError::Closed),
        }
    }

    fn choose_terms(&self, founder: &Founder, request: &SignUp) -> Result<(&Offer, Cycle, Currency), SignUpError> {
        let catalog = &self.0.catalog;
        let invalid =
            |field: &str, code, detail: String| SignUpError::Invalid(vec![FieldError::new(field, code, detail)]);
        let wanted = request.plan.as_deref().unwrap_or(catalog.default_plan().as_str());
        let open_to = |offer: &&Offer| offer.plan.public || matches!(founder, Founder::Operator(_));
        let offer = catalog
            .find_plan(wanted)
            .filter(open_to)
            .ok_or_else(|| invalid("plan", "unknown_plan", format!("there is no plan {wanted:?} to choose")))?;
        let currency = request.currency.unwrap_or_else(|| catalog.default_currency());
        if !catalog.currencies().contains(&currency) {
            return Err(invalid(
                "currency",
                "currency_not_offered",
                format!("prices are not offered in {currency}"),
            ));
        }
        let cycle = request
            .cycle
            .unwrap_or_else(|| catalog.default_cycle(&offer.plan, currency));
        if !offer.plan.is_offered(cycle, currency) {
            let detail = format!("the plan {} is not sold {} in {currency}", offer.code(), cycle.as_str());
            return Err(invalid("billing_cycle", "cycle_not_offered", detail));
        }
        Ok((offer, cycle, currency))
    }

    async fn hash_password(&self, request: &SignUp) -> Result<Option<PasswordHash>, SignUpError> {
        let Some(secret) = &request.owner.password else {
            return Ok(None);
        };
        let owner = &request.owner;
        password::check(secret.expose(), &owner.email, owner.name.as_str())
            .map_err(|weak| SignUpError::Invalid(vec![FieldError::new("owner_password", weak.code(), weak)]))?;
        Ok(Some(self.0.hasher.hash(secret.clone()).await?))
    }

    async fn attempt(&self, plan: &Plan<'_>) -> Result<SignedUp, SignUpError> {
        let now = self.0.clock.system_now();
        let tenant = self.draft_tenant(plan.request, now).await?;
        let owner = self.draft_owner(plan, now).await?;
        let member = self.draft_membership(plan, &owner, now);
        let session = SessionId::from_uuid(self.0.ids.next());
        let draft = Draft {
            plan,
            tenant,
            owner,
            member,
            session,
            now,
        };
        let user = draft.owner.user();
        let scope = self.scope_of(&draft);

        let mut unit = self.0.store.begin_spanning(&scope, Some(user)).await?;
        if let Err(refusal) = unit.tenants().insert(&draft.tenant).await {
            drop(unit);
            return Err(self.slug_refusal(refusal, draft.tenant.slug()).await);
        }
        let mut events = vec![draft.tenant.founded()];
        let opened = self.write_owner(&mut *unit, &draft, &mut events).await?;
        let subscription = self.write_subscription(&mut *unit, &draft, &mut events).await?;
        unit.commit(events).await?;

        let tokens = match opened {
            Some((session, refresh)) => Some(self.0.tokens.issue(&session, &refresh, None, now)?),
            None => None,
        };
        Ok(SignedUp {
            tenant: draft.tenant,
            owner: draft.member,
            subscription,
            tokens,
        })
    }

    fn scope_of(&self, draft: &Draft<'_>) -> TenantScope {
        let origin = draft.plan.founder.origin().clone();
        let principal = match draft.plan.founder {
            Founder::Operator(scope) => scope.principal().clone(),
            Founder::Person(person, _) => draft.as_member(person.session),
            Founder::Public(_) => draft.as_member(draft.session),
        };
        let scope = self.0.gate.found(draft.tenant.id(), principal, origin);
        match draft.plan.receipt {
            Some(receipt) => scope.with_receipt(receipt.clone()),
            None => scope,
        }
    }

    async fn draft_tenant(&self, request: &SignUp, now: OffsetDateTime) -> Result<Tenant, SignUpError> {
        let slug = match &request.slug {
            Some(slug) => self.allowed(slug.clone())?,
            None => self.derived_slug(request).await?,
        };
        let profile = Profile {
            name: request.name.clone(),
            billing_email: request
                .billing_email
                .clone()
                .unwrap_or_else(|| request.owner.email.clone()),
            phone: request.phone.clone(),
            timezone: request.timezone.clone().unwrap_or_else(Timezone::utc),
            locale: request.locale.clone().unwrap_or_else(Locale::english),
            company_size: request.company_size.clone(),
            use_case: request.use_case.clone(),
            region: request.region.clone(),
        };
        Ok(Tenant::found(
            TenantId::from_uuid(self.0.ids.next()),
            slug,
            profile,
            now,
        ))
    }

    fn allowed(&self, slug: Slug) -> Result<Slug, SignUpError> {
        if self.0.catalog.reserved_slugs().contains(&slug) {
            let detail = format!("the slug {slug} is reserved");
            return Err(SignUpError::Invalid(vec![FieldError::new(
                "slug",
                "slug_reserved",
                detail,
            )]));
        }
        Ok(slug)
    }

    /// The name's own slug, or the first of its neighbours that is free.
    async fn derived_slug(&self, request: &SignUp) -> Result<Slug, SignUpError> {
        let first = Slug::derive(request.name.as_str());
        let candidates = std::iter::once(first.clone()).chain(first.suggestions());
        for slug in candidates.filter(|slug| !self.0.catalog.reserved_slugs().contains(slug)) {
            if self.0.directory.tenant_by_slug(slug.as_str()).await?.is_none() {
                return Ok(slug);
            }
        }
        let detail = "no slug near the name is free: choose one";
        Err(SignUpError::Invalid(vec![FieldError::new(
            "slug",
            "slug_needed",
            detail,
        )]))
    }

    async fn slug_refusal(&self, refusal: StoreError, slug: &Slug) -> SignUpError {
        if !matches!(refusal, StoreError::Conflict(SLUG_TAKEN)) {
            return refusal.into();
        }
        let mut suggestions = Vec::new();
        for other in slug.suggestions().take(5) {
            // A suggestion is a courtesy: a store that fails now is not worth failing for.
            if matches!(self.0.directory.tenant_by_slug(other.as_str()).await, Ok(None)) {
                suggestions.push(other.to_string());
            }
        }
        SignUpError::SlugTaken {
            slug: slug.to_string(),
            suggestions,
        }
    }

    async fn draft_owner(&self, plan: &Plan<'_>, now: OffsetDateTime) -> Result<Owner, SignUpError> {
        let wanted = &plan.request.owner;
        let known = self.0.people.user_by_email(&wanted.email).await?;
        Ok(match (known, plan.founder) {
            (Some(user), Founder::Person(person, _)) if person.user == user => Owner::Themself(user),
            (Some(user), _) => Owner::Known(user),
            (None, _) => Owner::New(self.new_person(plan, &wanted.email, now)),
        })
    }

    fn new_person(&self, plan: &Plan<'_>, email: &EmailAddress, now: OffsetDateTime) -> User {
        let request = plan.request;
        let id = UserId::from_uuid(self.0.ids.next());
        let mut user = User::register(
            id,
            email.clone(),
            request.owner.name.clone(),
            request.locale.clone().unwrap_or_default(),
            now,
        );
        if let Some(hash) = &plan.hash {
            user.set_password(hash.clone());
        }
        user
    }

    fn draft_membership(&self, plan: &Plan<'_>, owner: &Owner, now: OffsetDateTime) -> Membership {
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
        match owner {
            _ if plan.invites(owner) => {
                let expires_at = now + Duration::days(i64::from(self.0.catalog.invitation_days()));
                Membership::invite(id, details, Invitation { by: None, expires_at }, now)
            }
            _ => Membership::join(id, details, now),
        }
    }

    /// Person, membership, first mail, and a session for a new owner who may act at once.
    async fn write_owner(
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
            events.push(Event::new("user.registered", user.id()).set("email", user.email().as_str()));
        }
        unit.memberships().insert(member).await?;
        events.push(self.greet(unit, draft).await?);
        if !(matches!(owner, Owner::New(_)) && plan.hash.is_some() && self.0.allow_unverified) {
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
        let (template, purpose) = match owner {
            Owner::Themself(_) => return Ok(member.created()),
            Owner::Known(_) => ("already_registered", Purpose::Invitation),
            Owner::New(_) if plan.invites(owner) => ("invitation", Purpose::Invitation),
            Owner::New(_) if plan.hash.is_some() => ("welcome", Purpose::VerifyEmail),
            Owner::New(_) => ("set_password", Purpose::SetPassword),
        };
        let invited = (purpose == Purpose::Invitation).then(|| (draft.tenant.id(), member.id()));
        let text = OneTimeText::mint(
            purpose,
            owner.user(),
            invited.map(|(tenant, _)| tenant),
            &*self.0.entropy,
        );
        let id = OneTimeTokenId::from_uuid(self.0.ids.next());
        let token = OneTimeToken::issue(id, &text, invited.map(|(_, member)| member), &*self.0.cipher, draft.now);
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

    /// Billing account, subscription, entitlements, and the owner's seat.
    async fn write_subscription(
        &self,
        unit: &mut dyn LifecycleUnit,
        draft: &Draft<'_>,
        events: &mut Vec<Event>,
    ) -> Result<Subscription, SignUpError> {
        let Draft { plan, now, .. } = draft;
        let terms = Terms {
            plan: plan.offer.reference(),
            cycle: plan.cycle,
            quantity: Quantity::ONE,
        };
        let id = SubscriptionId::from_uuid(self.0.ids.next());
        let trial_days = plan.offer.plan.trial_days;
        let subscription = if trial_days > 0 {
            Subscription::start_trial(id, terms, plan.currency, trial_days, *now)?
        } else {
            Subscription::start_active(id, terms, plan.currency, None, *now)?
        };
        unit.billing_accounts()
            .insert(&BillingAccount::open(plan.currency))
            .await?;
        unit.subscriptions().insert(&subscription).await?;
        events.push(
            Event::new("subscription.started", subscription.id())
                .set("plan", subscription.plan().code.as_str())
                .set("billing_cycle", subscription.cycle().as_str())
                .set("status", subscription.status().as_str())
                .set("trial_ends_at", subscription.trial_ends_at()),
        );
        let timezone = draft.tenant.profile().timezone.as_str();
        let entitlements = plan.offer.entitlements(timezone, subscription.anchor().instant());
        unit.entitlements().replace(&entitlements).await?;
        for meter in self.0.catalog.meters().counted_by(MeterSource::Members) {
            let limit = entitlements.allowance(meter).hard_limit();
            if let Consumption::Exceeded { .. } = unit.gauges().adjust(&meter.code, 1, limit).await? {
                return Err(SignUpError::NoSeat);
            }
        }
        Ok(subscription)
    }
}

impl Draft<'_> {
    const fn as_member(&self, session: SessionId) -> Principal {
        Principal::Member {
            user: self.owner.user(),
            membership: self.member.id(),
            session,
        }
    }
}
