//! Every use case over one store in memory.

mod platform;

use std::sync::Arc;

use tenantry_activity::audit::AuditPurge;
use tenantry_billing::gateway::{MethodDetails, MethodToken};
use tenantry_billing::payment::Collection;
use tenantry_billing::payment_method::{PaymentMethod, PaymentMethodId};
use tenantry_identity::api_key::{ApiKeyService, ApiKeySettings, PlainKeyReader};
use tenantry_identity::factor::{FactorChecker, Shape};
use tenantry_identity::mint::Mint;
use tenantry_identity::passkey::PasskeyService;
use tenantry_identity::password::{Lengths, PasswordJudge};
use tenantry_identity::service_account::{ServiceAccount, ServiceAccountService};
use tenantry_identity::session::SessionPolicy;
use tenantry_identity::testing::{LengthMeter, PlainCipher, eight_characters};
use tenantry_identity::token::AccessClaims;
use tenantry_kernel::testing::{CountingEntropy, FixedClock, MemoryBudgets, SequentialIds, test_authority};
use tenantry_kernel::{Clock, IdSource, Origin, SessionId, TenantId, TenantScope};
use tenantry_tenancy::gate::{EnterError, Gate};
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::role::RoleBook;

use super::doubles::{HeardNewcomers, NoCeremonies, PlatformKeys, TestCodes, TestHasher, TestSigner, WatchfulGateway};
use super::fixture::{self, NOW};
use super::store::FakeLifecycleStore;
use crate::access::{Access, AccessParts, Decisions, HostPolicy, NoDecisions};
use crate::billing_run::{BillingRunParts, BillingRunService};
use crate::catalog::Catalog;
use crate::members::{AcceptParts, AcceptService, MembersParts, MembersService};
use crate::oauth::{OAuthParts, OAuthService};
use crate::operators::OperatorService;
use crate::owed::OwedInvoiceService;
use crate::ownership::{OwnershipParts, OwnershipService};
use crate::password_demands::TenantsDemands;
use crate::plan_change::{PlanChangeParts, PlanChangeService};
use crate::retention::{PlanRetention, PurgeParts, PurgeService};
use crate::sign_in::{GuessBudget, SignInParts, SignInService};
use crate::sign_up::{Founder, SignUpLimits, SignUpParts, SignUpService, SignedUp};
use crate::store::LifecycleStore;
use crate::tokens::TokenIssuer;

/// One store, one clock, one catalog, and every use case over them.
pub struct House {
    /// Where everything is kept.
    pub store: FakeLifecycleStore,
    /// The time.
    pub clock: Arc<FixedClock>,
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// Who moves the money.
    pub gateway: Arc<WatchfulGateway>,
    /// Passwords.
    pub hasher: Arc<TestHasher>,
    /// Access tokens.
    pub signer: Arc<TestSigner>,
    /// Platform keys.
    pub platform_keys: Arc<PlatformKeys>,
    /// False in production: addresses are verified before anybody acts.
    pub allow_unverified: bool,
    /// How many tenants may be founded; any number at first.
    pub sign_up_limits: SignUpLimits,
    /// How long passwords are at least.
    pub lengths: Lengths,
    /// Whose addresses came to be held.
    pub newcomers: Arc<HeardNewcomers>,
    ids: Arc<SequentialIds>,
    entropy: Arc<CountingEntropy>,
}

impl Default for House {
    fn default() -> Self {
        Self::selling(fixture::catalog())
    }
}

impl House {
    /// An installation in development that sells this catalog.
    #[must_use]
    pub fn selling(catalog: Catalog) -> Self {
        let store = FakeLifecycleStore::default();
        Self {
            gateway: Arc::new(WatchfulGateway::watching(store.clone())),
            store,
            clock: Arc::new(FixedClock::at(NOW)),
            catalog: Arc::new(catalog),
            hasher: Arc::default(),
            signer: Arc::default(),
            platform_keys: Arc::default(),
            allow_unverified: true,
            sign_up_limits: SignUpLimits {
                keeper: Arc::new(MemoryBudgets::default()),
                cipher: Arc::new(PlainCipher),
                budget: None,
                refuse_disposable: false,
            },
            lengths: eight_characters(),
            newcomers: Arc::default(),
            ids: Arc::default(),
            entropy: Arc::default(),
        }
    }

    /// The same installation in production.
    #[must_use]
    pub fn in_production(mut self) -> Self {
        self.allow_unverified = false;
        self
    }

    fn shared_store(&self) -> Arc<FakeLifecycleStore> {
        Arc::new(self.store.clone())
    }

    fn collection(&self) -> Collection {
        Collection::new(self.gateway.clone(), self.ids.clone())
    }

    fn tokens(&self) -> TokenIssuer {
        TokenIssuer::new(self.signer.clone(), self.ids.clone(), AccessClaims::MAX_LIFE)
    }

    /// Where scopes are minted.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let roles = Arc::new(self.catalog.roles().clone());
        Gate::new(test_authority(), self.shared_store(), roles)
    }

    /// Sign-up.
    #[must_use]
    pub fn sign_up(&self) -> SignUpService {
        SignUpService::new(SignUpParts {
            catalog: self.catalog.clone(),
            people: self.shared_store(),
            store: self.shared_store(),
            directory: self.shared_store(),
            collection: self.collection(),
            hasher: self.hasher.clone(),
            judge: self.judge(),
            tokens: self.tokens(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            entropy: self.entropy.clone(),
            gate: self.gate(),
            policy: SessionPolicy::default(),
            limits: self.sign_up_limits.clone(),
            allow_unverified: self.allow_unverified,
        })
    }

    /// Whether passwords will do: by [`LengthMeter`], and by what the tenants ask.
    #[must_use]
    pub fn judge(&self) -> Arc<PasswordJudge> {
        let demands = Arc::new(TenantsDemands::new(self.shared_store()));
        let meter = Arc::new(LengthMeter);
        Arc::new(PasswordJudge::new(self.lengths, demands, meter))
    }

    /// Signing in and out.
    #[must_use]
    pub fn sign_in(&self) -> SignInService {
        let codes = Arc::new(TestCodes);
        let cipher = Arc::new(PlainCipher);
        let checker = FactorChecker::new(
            self.shared_store(),
            codes.clone(),
            Arc::new(NoCeremonies),
            cipher.clone(),
            self.clock.clone(),
        );
        let mint = Mint {
            cipher,
            entropy: self.entropy.clone(),
            ids: self.ids.clone(),
        };
        SignInService::new(SignInParts {
            people: self.shared_store(),
            store: self.shared_store(),
            directory: self.shared_store(),
            hasher: self.hasher.clone(),
            judge: self.judge(),
            codes,
            checker: Arc::new(checker),
            passkeys: Arc::new(PasskeyService::new(
                self.shared_store(),
                Arc::new(NoCeremonies),
                self.clock.clone(),
                mint,
            )),
            shape: Shape {
                issuer: "Acme".to_owned(),
            },
            budget: GuessBudget::unlimited(),
            newcomers: self.newcomers.clone(),
            tokens: self.tokens(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            entropy: self.entropy.clone(),
            gate: self.gate(),
            policy: SessionPolicy::default(),
            allow_unverified: self.allow_unverified,
        })
    }

    /// The way from a credential to a scope. The base domain is `app.example`, the public host `www.app.example`.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access_remembering(Arc::new(NoDecisions))
    }

    /// The same with a memory.
    #[must_use]
    pub fn access_remembering(&self, decisions: Arc<dyn Decisions>) -> Access {
        Access::new(AccessParts {
            directory: self.shared_store(),
            keys: self.shared_store(),
            platform_keys: self.platform_keys.clone(),
            accounts: self.shared_store(),
            support: self.shared_store(),
            sessions: self.shared_store(),
            tokens: self.signer.clone(),
            texts: Arc::new(PlainKeyReader::new(Arc::new(PlainCipher))),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            decisions,
            gate: self.gate(),
            hosts: HostPolicy {
                base_domain: "app.example".to_owned(),
                public_host: "www.app.example".to_owned(),
            },
            store: self.shared_store(),
        })
    }

    /// Service accounts.
    #[must_use]
    pub fn service_accounts(&self) -> ServiceAccountService {
        ServiceAccountService::new(
            self.shared_store(),
            self.clock.clone(),
            self.mint(),
            self.key_settings(),
        )
    }

    /// Puts an account there in place of an earlier state of it, whatever the rules say.
    pub fn keep_service_account(&self, tenant: TenantId, account: ServiceAccount) {
        let mut inner = self.store.lock();
        let rows = &mut inner.state.tenants.entry(tenant).or_default().service_accounts;
        rows.retain(|row| row.id() != account.id());
        rows.push(account);
    }

    /// Tokens for programs.
    #[must_use]
    pub fn oauth(&self) -> OAuthService {
        OAuthService::new(OAuthParts {
            accounts: self.shared_store(),
            service_accounts: Arc::new(self.service_accounts()),
            keys: self.shared_store(),
            api_keys: Arc::new(self.api_keys()),
            texts: Arc::new(PlainKeyReader::new(Arc::new(PlainCipher))),
            sessions: self.shared_store(),
            people: self.shared_store(),
            support: Arc::new(self.support()),
            sign_in: Arc::new(self.sign_in()),
            signer: self.signer.clone(),
            verifier: self.signer.clone(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            gate: self.gate(),
            policy: SessionPolicy::default(),
        })
    }

    /// Members and their seats.
    #[must_use]
    pub fn members(&self) -> MembersService {
        MembersService::new(MembersParts {
            catalog: self.catalog.clone(),
            people: self.shared_store(),
            store: self.shared_store(),
            hashes: self.hasher.clone(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            entropy: self.entropy.clone(),
        })
    }

    /// Accepting invitations.
    #[must_use]
    pub fn acceptance(&self) -> AcceptService {
        self.acceptance_by(self.catalog.roles().clone())
    }

    /// Accepting invitations where these are the roles.
    #[must_use]
    pub fn acceptance_by(&self, roles: RoleBook) -> AcceptService {
        AcceptService::new(AcceptParts {
            people: self.shared_store(),
            store: self.shared_store(),
            hasher: self.hasher.clone(),
            judge: self.judge(),
            newcomers: self.newcomers.clone(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            roles: Arc::new(roles),
            gate: self.gate(),
        })
    }

    /// Handing tenants over.
    #[must_use]
    pub fn ownership(&self) -> OwnershipService {
        OwnershipService::new(OwnershipParts {
            catalog: self.catalog.clone(),
            people: self.shared_store(),
            store: self.shared_store(),
            cipher: Arc::new(PlainCipher),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            entropy: self.entropy.clone(),
            gate: self.gate(),
        })
    }

    /// API keys.
    #[must_use]
    pub fn mint(&self) -> Mint {
        Mint {
            cipher: Arc::new(PlainCipher),
            entropy: self.entropy.clone(),
            ids: self.ids.clone(),
        }
    }

    fn key_settings(&self) -> ApiKeySettings {
        ApiKeySettings {
            prefix: self.catalog.api_key_prefix().clone(),
            registry: self.catalog.permission_registry(),
            rules: *self.catalog.key_rules(),
        }
    }

    /// API keys.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeyService {
        ApiKeyService::new(
            self.shared_store(),
            self.clock.clone(),
            self.mint(),
            self.key_settings(),
        )
    }

    /// Plan changes.
    #[must_use]
    pub fn plan_changes(&self) -> PlanChangeService {
        PlanChangeService::new(PlanChangeParts {
            catalog: self.catalog.clone(),
            store: self.shared_store(),
            collection: self.collection(),
            accounts: self.shared_store(),
            marks: self.shared_store(),
            clock: self.clock.clone(),
        })
    }

    /// Paying and waiving invoices.
    #[must_use]
    pub fn owed_invoices(&self) -> OwedInvoiceService {
        OwedInvoiceService::new(self.shared_store(), self.collection(), self.clock.clone())
    }

    /// The billing run.
    #[must_use]
    pub fn billing_run(&self) -> BillingRunService {
        BillingRunService::new(BillingRunParts {
            catalog: self.catalog.clone(),
            store: self.shared_store(),
            due: self.shared_store(),
            pending: self.shared_store(),
            overdue: self.shared_store(),
            marks: self.shared_store(),
            collection: self.collection(),
            plan_changes: Arc::new(self.plan_changes()),
            clock: self.clock.clone(),
            gate: self.gate(),
        })
    }

    /// What plans keep.
    #[must_use]
    pub fn retention(&self) -> PlanRetention {
        PlanRetention::new(self.catalog.clone(), self.shared_store(), self.clock.clone())
    }

    /// Removes from `log` what plans do not keep.
    #[must_use]
    pub fn purge(&self, log: Arc<dyn AuditPurge>) -> PurgeService {
        PurgeService::new(PurgeParts {
            retention: self.retention(),
            tenants: self.shared_store(),
            log,
            gate: self.gate(),
        })
    }

    /// What operators do.
    #[must_use]
    pub fn operators(&self) -> OperatorService {
        OperatorService::new(
            self.catalog.clone(),
            self.shared_store(),
            self.shared_store(),
            self.clock.clone(),
            self.gate(),
        )
    }

    /// Founds a tenant on a plan, for `owner@<slug>.example`.
    ///
    /// # Panics
    /// When the sign-up is refused.
    pub async fn found(&self, slug: &str, plan: &str) -> SignedUp {
        let founder = Founder::Public(Origin::default());
        let request = fixture::sign_up(slug, plan);
        fixture::valid(self.sign_up().found(&founder, &request, None).await)
    }

    /// A member's own scope.
    ///
    /// # Panics
    /// When they may not enter.
    pub async fn scope_of(&self, tenant: TenantId, member: &Membership) -> TenantScope {
        let session = SessionId::from_uuid(member.id().as_uuid());
        let gate = self.gate();
        let entered = gate.enter_member(tenant, member.user(), member.id(), session, Origin::default());
        fixture::valid(entered.await)
    }

    /// The owner's own scope while their tenant is suspended for an unpaid invoice.
    ///
    /// # Errors
    /// The gate's.
    pub async fn owner_who_pays(&self, made: &SignedUp) -> Result<TenantScope, EnterError> {
        let owner = &made.owner;
        let session = SessionId::from_uuid(owner.id().as_uuid());
        let gate = self.gate();
        gate.enter_member_to_pay(made.tenant.id(), owner.user(), owner.id(), session, Origin::default())
            .await
    }

    /// The owner's own scope.
    ///
    /// # Panics
    /// When they may not enter.
    pub async fn owner_of(&self, made: &SignedUp) -> TenantScope {
        self.scope_of(made.tenant.id(), &made.owner).await
    }

    /// Puts a card on file as the default. What charging it does is written in its token.
    ///
    /// # Panics
    /// When the token is none, or on file already.
    pub async fn pay_with(&self, made: &SignedUp, card: &str) {
        let method = PaymentMethod {
            id: PaymentMethodId::from_uuid(self.ids.next()),
            token: fixture::valid(MethodToken::try_from(card)),
            details: MethodDetails {
                brand: "visa".to_owned(),
                last4: "4242".to_owned(),
            },
            is_default: true,
            created_at: self.clock.system_now(),
        };
        let scope = self.owner_of(made).await;
        let mut unit = fixture::valid(self.store.begin_spanning(&scope, None).await);
        fixture::valid(unit.payment_methods().insert(&method).await);
        fixture::valid(unit.commit(Vec::new()).await);
    }
}
