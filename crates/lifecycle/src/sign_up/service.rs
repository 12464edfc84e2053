//! The use case.

use std::sync::Arc;

use tenantry_billing::payment::Collection;
use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::Subscription;
use tenantry_identity::password::{PasswordDemand, PasswordJudge, PasswordOwner, TenantAsks, Unfit};
use tenantry_identity::session::SessionPolicy;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PasswordHasher};
use tenantry_kernel::retry;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    Cipher, Clock, Currency, Entropy, FieldError, IdSource, Principal, Receipt, SessionId, TenantScope,
};
use tenantry_quotas::zone::Zone;
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::locale::InvalidTimezone;
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::tenant::Tenant;

use super::error::SignUpError;
use super::limits::SignUpLimits;
use super::owner::Owner;
use super::request::{Founder, SignUp};
use crate::catalog::{Catalog, Offer};
use crate::roles::PLATFORM_MANAGE;
use crate::store::LifecycleStore;
use crate::tokens::{TokenIssuer, Tokens};

/// What a sign-up made.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The tenant.
    pub tenant: Tenant,
    /// The owner's membership. Callers who may not learn whether the address was known see a member who joined.
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
    /// Issues the first invoice of a plan without a trial.
    pub collection: Collection,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether they will do.
    pub judge: Arc<PasswordJudge>,
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
    /// What keeps people from founding tenants by the hundred.
    pub limits: SignUpLimits,
    /// True in development: a new owner may act before their address is verified.
    pub allow_unverified: bool,
}

/// Founds tenants.
pub struct SignUpService(pub(super) SignUpParts);

/// A sign-up whose every question is answered.
pub(super) struct Plan<'a> {
    pub request: &'a SignUp,
    pub founder: &'a Founder,
    pub offer: &'a Offer,
    pub cycle: Cycle,
    pub currency: Currency,
    pub hash: Option<PasswordHash>,
    pub receipt: Option<&'a Receipt>,
}

/// The rows of one attempt, not stored yet.
pub(super) struct Draft<'a> {
    pub plan: &'a Plan<'a>,
    pub tenant: Tenant,
    pub owner: Owner,
    pub member: Membership,
    pub session: SessionId,
    pub now: OffsetDateTime,
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
    /// [`SignUpError`]; nothing was written then, but for [`SignUpError::Sign`].
    pub async fn found(
        &self,
        founder: &Founder,
        request: &SignUp,
        receipt: Option<&Receipt>,
    ) -> Result<SignedUp, SignUpError> {
        self.permit(founder)?;
        let (offer, cycle, currency) = self.choose_terms(founder, request)?;
        check_timezone(request)?;
        self.0.limits.check(founder, &request.owner.email)?;
        self.0.limits.count(founder, self.0.clock.system_now()).await?;
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
        // Nobody knows yet who this is, and the tenant asks for nothing yet.
        let mut demand = PasswordDemand::default();
        demand.raise(TenantAsks {
            words: std::iter::once(request.name.to_string())
                .chain(request.slug.iter().map(ToString::to_string))
                .collect(),
            ..TenantAsks::default()
        });
        let judged = PasswordOwner {
            email: &owner.email,
            name: owner.name.as_str(),
            guarded: false,
        };
        match self.0.judge.admit(secret, &judged, &demand).await {
            Ok(()) => {}
            Err(Unfit::Weak(weak)) => return Err(SignUpError::Invalid(vec![weak.at("owner_password")])),
            Err(Unfit::Unmeasured(cause)) => return Err(cause.into()),
        }
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
            owner: draft.shown_owner(),
            tenant: draft.tenant,
            subscription,
            tokens,
        })
    }

    fn scope_of(&self, draft: &Draft<'_>) -> TenantScope {
        let member = |session| Principal::Member {
            user: draft.owner.user(),
            membership: draft.member.id(),
            session,
        };
        let principal = match (draft.plan.founder, &draft.owner) {
            (Founder::Operator(scope), _) => scope.principal().clone(),
            (Founder::Person(person, _), Owner::Themself(_)) => member(person.session),
            (Founder::Public(_), Owner::New(_)) => member(draft.session),
            // Nobody has shown yet that they are the person with this address: the log must not name them.
            (Founder::Public(_) | Founder::Person(..), _) => Principal::Anonymous,
        };
        let origin = draft.plan.founder.origin().clone();
        let scope = self.0.gate.found(draft.tenant.id(), principal, origin);
        match draft.plan.receipt {
            Some(receipt) => scope.with_receipt(receipt.clone()),
            None => scope,
        }
    }
}

/// Refuses a place that looks like one and is not on the map: its days would silently begin with those of UTC.
fn check_timezone(request: &SignUp) -> Result<(), SignUpError> {
    match &request.timezone {
        Some(timezone) if Zone::named(timezone.as_str()).is_none() => {
            let refused = FieldError::new("timezone", "invalid_value", InvalidTimezone);
            Err(SignUpError::Invalid(vec![refused]))
        }
        _ => Ok(()),
    }
}
