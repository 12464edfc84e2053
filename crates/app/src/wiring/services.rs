//! The use cases over their adapters.

use std::sync::Arc;

use tenantry_activity::audit::service::AuditService;
use tenantry_auth_jwt::hasher::BroughtAlong;
use tenantry_auth_jwt::jwt::JwtSigner;
use tenantry_auth_jwt::totp::HmacCodes;
use tenantry_billing::gateway::PaymentGateway;
use tenantry_billing::invoice::InvoiceService;
use tenantry_billing::payment::Collection;
use tenantry_billing::payment_method::PaymentMethodService;
use tenantry_billing::subscription::SubscriptionService;
use tenantry_cache::{
    CachedAccess, CachedApiKeys, CachedEntitlements, CachedProfiles, CachedServiceAccounts, CachedSessions,
    CachedSupport, VerifiedTokens,
};
use tenantry_delivery::DnsTxtResolver;
use tenantry_http_actix::Services;
use tenantry_identity::api_key::KeyReader;
use tenantry_identity::api_key::{ApiKeyService, ApiKeySettings};
use tenantry_identity::device::DeviceService;
use tenantry_identity::email::EmailService;
use tenantry_identity::factor::{FactorChecker, FactorService, Shape};
use tenantry_identity::mint::Mint;
use tenantry_identity::passkey::{Ceremonies, PasskeyService};
use tenantry_identity::password::{PasswordJudge, PasswordService};
use tenantry_identity::platform_key::PlatformKeyService;
use tenantry_identity::profile::ProfileService;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_identity::session::{SessionPolicy, SessionService};
use tenantry_identity::signing_key::SigningKeyService;
use tenantry_identity::step_up::StepUpService;
use tenantry_identity::token::AccessClaims;
use tenantry_identity::user::PasswordHasher;
use tenantry_kernel::{Budget, Cipher};
use tenantry_lifecycle::billing_run::{BillingRunParts, BillingRunService};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::joining::{JoiningParts, JoiningService, Newcomers};
use tenantry_lifecycle::key_check::{KeyCheckParts, KeyCheckService};
use tenantry_lifecycle::members::{AcceptParts, AcceptService, MembersParts, MembersService};
use tenantry_lifecycle::oauth::{OAuthParts, OAuthService};
use tenantry_lifecycle::operators::OperatorService;
use tenantry_lifecycle::owed::OwedInvoiceService;
use tenantry_lifecycle::ownership::{OwnershipParts, OwnershipService};
use tenantry_lifecycle::people::{PeopleParts, PeopleService};
use tenantry_lifecycle::plan_change::{PlanChangeParts, PlanChangeService};
use tenantry_lifecycle::retention::{PlanRetention, PurgeParts, PurgeService};
use tenantry_lifecycle::sign_in::{GuessBudget, SignInParts, SignInService};
use tenantry_lifecycle::sign_up::{SignUpLimits, SignUpParts, SignUpService};
use tenantry_lifecycle::support::{SupportParts, SupportService};
use tenantry_lifecycle::tokens::TokenIssuer;
use tenantry_lifecycle::usage_upkeep::{UpkeepParts, UsageUpkeep};
use tenantry_quotas::directory::PlanLadder;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::usage::{
    CorrectionService, IngestService, InsightService, RequestService, ReservationService, UsagePorts, UsageService,
};
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::branding::service::BrandingService;
use tenantry_tenancy::domain::service::{DomainPorts, DomainService};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::membership::service::MemberService;
use tenantry_tenancy::role::access::AccessService;
use tenantry_tenancy::role::service::{RolePorts, RoleService};
use tenantry_tenancy::security::service::SecurityService;
use tenantry_tenancy::tenant::service::TenantService;

use super::Sources;
use super::newcomers::ByDomain;
use crate::config::{Config, DisposableMail, Mode};

/// What the services are made of.
pub(super) struct Ingredients<'a> {
    pub config: &'a Config,
    pub catalog: &'a Arc<Catalog>,
    pub store: &'a Arc<SeaOrmStore>,
    pub directory: &'a Arc<CachedAccess>,
    pub profiles: &'a Arc<CachedProfiles>,
    pub entitlements: &'a Arc<CachedEntitlements>,
    pub api_keys: &'a Arc<CachedApiKeys>,
    pub requests: &'a Arc<RequestService>,
    pub usage: UsagePorts,
    pub hasher: &'a Arc<dyn PasswordHasher>,
    pub judge: &'a Arc<PasswordJudge>,
    pub signer: &'a Arc<JwtSigner>,
    pub signing_keys: Arc<SigningKeyService>,
    pub accounts: &'a Arc<CachedServiceAccounts>,
    pub support: &'a Arc<CachedSupport>,
    pub sessions: &'a Arc<CachedSessions>,
    pub tokens: &'a Arc<VerifiedTokens>,
    pub cipher: &'a Arc<dyn Cipher>,
    pub key_texts: &'a Arc<dyn KeyReader>,
    pub sources: &'a Sources,
    pub resolver: Arc<DnsTxtResolver>,
    pub gateway: Arc<dyn PaymentGateway>,
    pub ceremonies: Arc<dyn Ceremonies>,
    pub guesses: GuessBudget,
    pub gate: &'a dyn Fn() -> Gate,
}

/// The services, and those that no request calls.
pub(super) struct Built {
    pub upkeep: Arc<UsageUpkeep>,
    pub services: Services,
    pub billing: Arc<BillingRunService>,
    pub purge: Arc<PurgeService>,
}

/// Puts every service together.
pub(super) fn build(from: &Ingredients<'_>) -> Built {
    let Ingredients {
        config,
        catalog,
        store,
        directory,
        hasher,
        judge,
        cipher,
        sources,
        gate,
        ..
    } = from;
    let store = Arc::clone(store);
    let directory = Arc::clone(directory);
    let clock = sources.clock.clone();
    let ids = sources.ids.clone();
    let entropy = sources.entropy.clone();
    let policy = SessionPolicy::default();
    let allow_unverified = config.mode == Mode::Development;
    let mint = Mint {
        cipher: Arc::clone(cipher),
        entropy: entropy.clone(),
        ids: ids.clone(),
    };
    let key_settings = ApiKeySettings {
        prefix: catalog.api_key_prefix().clone(),
        registry: catalog.permission_registry(),
        rules: *catalog.key_rules(),
    };
    let codes = Arc::new(HmacCodes);
    let shape = Shape {
        issuer: catalog.display().to_owned(),
    };
    let checker = Arc::new(FactorChecker::new(
        store.clone(),
        codes.clone(),
        Arc::clone(&from.ceremonies),
        Arc::clone(cipher),
        clock.clone(),
    ));
    let passkeys = Arc::new(PasskeyService::new(
        store.clone(),
        Arc::clone(&from.ceremonies),
        clock.clone(),
        mint.clone(),
    ));
    let tokens = TokenIssuer::new(from.signer.clone(), ids.clone(), AccessClaims::MAX_LIFE);
    let collection = Collection::new(from.gateway.clone(), ids.clone());

    let usage = Arc::new(UsageService::new(from.usage.clone()));
    let plan_changes = Arc::new(PlanChangeService::new(PlanChangeParts {
        catalog: Arc::clone(catalog),
        store: store.clone(),
        collection: collection.clone(),
        accounts: from.usage.accounts.clone(),
        marks: store.clone(),
        clock: clock.clone(),
    }));
    let billing = Arc::new(BillingRunService::new(BillingRunParts {
        catalog: Arc::clone(catalog),
        store: store.clone(),
        due: store.clone(),
        pending: store.clone(),
        overdue: store.clone(),
        marks: store.clone(),
        collection: collection.clone(),
        plan_changes: plan_changes.clone(),
        clock: clock.clone(),
        gate: gate(),
    }));
    let retention = PlanRetention::new(Arc::clone(catalog), store.clone(), clock.clone());
    let purge = Arc::new(PurgeService::new(PurgeParts {
        retention: retention.clone(),
        tenants: store.clone(),
        log: store.clone(),
        gate: gate(),
    }));
    let upkeep = Arc::new(UsageUpkeep::new(UpkeepParts {
        catalog: Arc::clone(catalog),
        store: store.clone(),
        alerts: store.clone(),
        expired: store.clone(),
        books: store.clone(),
        counter: from.usage.counter.clone(),
        entitlements: from.entitlements.clone(),
        clock: clock.clone(),
        gate: gate(),
    }));
    let joining = Arc::new(JoiningService::new(JoiningParts {
        catalog: Arc::clone(catalog),
        people: store.clone(),
        store: store.clone(),
        access: directory.clone(),
        belongings: store.clone(),
        directory: store.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        gate: gate(),
    }));
    let newcomers: Arc<dyn Newcomers> = Arc::new(ByDomain(Arc::clone(&joining)));
    let sign_in = Arc::new(SignInService::new(SignInParts {
        people: store.clone(),
        store: store.clone(),
        directory: directory.clone(),
        hasher: Arc::clone(hasher),
        judge: Arc::clone(judge),
        codes: codes.clone(),
        checker: checker.clone(),
        passkeys: passkeys.clone(),
        shape: shape.clone(),
        budget: from.guesses.clone(),
        newcomers: newcomers.clone(),
        tokens: tokens.clone(),
        cipher: Arc::clone(cipher),
        clock: clock.clone(),
        ids: ids.clone(),
        entropy: entropy.clone(),
        gate: gate(),
        policy,
        allow_unverified,
    }));
    let api_keys = Arc::new(ApiKeyService::new(
        store.clone(),
        clock.clone(),
        mint.clone(),
        key_settings.clone(),
    ));
    let service_accounts = Arc::new(ServiceAccountService::new(
        store.clone(),
        clock.clone(),
        mint.clone(),
        key_settings.clone(),
    ));
    let support = Arc::new(SupportService::new(SupportParts {
        catalog: Arc::clone(catalog),
        people: store.clone(),
        store: store.clone(),
        visits: from.support.clone(),
        directory: directory.clone(),
        sessions: from.sessions.clone(),
        signer: from.signer.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        gate: gate(),
    }));
    let oauth = Arc::new(OAuthService::new(OAuthParts {
        accounts: from.accounts.clone(),
        service_accounts: service_accounts.clone(),
        keys: from.api_keys.clone(),
        api_keys: api_keys.clone(),
        texts: Arc::clone(from.key_texts),
        sessions: from.sessions.clone(),
        people: store.clone(),
        support: support.clone(),
        sign_in: sign_in.clone(),
        signer: from.signer.clone(),
        verifier: from.tokens.clone(),
        cipher: Arc::clone(cipher),
        clock: clock.clone(),
        ids: ids.clone(),
        gate: gate(),
        policy,
    }));
    let book = Arc::new(catalog.roles().clone());
    let role_ports = || RolePorts {
        store: store.clone(),
        catalog: Arc::clone(&book),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let people = Arc::new(PeopleService::new(PeopleParts {
        catalog: Arc::clone(catalog),
        people: store.clone(),
        store: store.clone(),
        records: store.clone(),
        access: directory.clone(),
        belongings: store.clone(),
        joining: store.clone(),
        directory: store.clone(),
        acts: store.clone(),
        hasher: Arc::clone(hasher),
        clock: clock.clone(),
        gate: gate(),
        mint: mint.clone(),
        policy,
    }));
    let domain_ports = || DomainPorts {
        store: store.clone(),
        resolver: from.resolver.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        entropy: entropy.clone(),
    };
    let services = Services {
        people,
        emails: Arc::new(EmailService::new(store.clone(), clock.clone(), mint.clone(), policy)),
        catalog: Arc::clone(catalog),
        directory: directory.clone(),
        tenants: Arc::new(
            TenantService::new(
                store.clone(),
                directory.clone(),
                clock.clone(),
                Arc::new(catalog.reserved_slugs().clone()),
            )
            .showing(from.profiles.clone()),
        ),
        members: Arc::new(MemberService::new(store.clone(), clock.clone(), Arc::clone(&book))),
        seats: Arc::new(MembersService::new(MembersParts {
            catalog: Arc::clone(catalog),
            people: store.clone(),
            store: store.clone(),
            hashes: Arc::new(BroughtAlong),
            cipher: Arc::clone(cipher),
            clock: clock.clone(),
            ids: ids.clone(),
            entropy: entropy.clone(),
        })),
        roles: Arc::new(RoleService::new(role_ports())),
        access: Arc::new(AccessService::new(role_ports())),
        ownership: Arc::new(OwnershipService::new(OwnershipParts {
            catalog: Arc::clone(catalog),
            people: store.clone(),
            store: store.clone(),
            cipher: Arc::clone(cipher),
            clock: clock.clone(),
            ids: ids.clone(),
            entropy: entropy.clone(),
            gate: gate(),
        })),
        acceptance: Arc::new(AcceptService::new(AcceptParts {
            people: store.clone(),
            store: store.clone(),
            hasher: Arc::clone(hasher),
            judge: Arc::clone(judge),
            newcomers: newcomers.clone(),
            cipher: Arc::clone(cipher),
            clock: clock.clone(),
            roles: Arc::new(catalog.roles().clone()),
            gate: gate(),
        })),
        security: Arc::new(SecurityService::new(store.clone(), Arc::new(catalog.roles().clone()))),
        brands: store.clone(),
        branding: Arc::new(BrandingService::new(store.clone(), clock.clone())),
        domains: Arc::new(DomainService::new(domain_ports(), own_zones(config))),
        mail_domains: Arc::new(MailDomainService::new(domain_ports())),
        joining,
        newcomers,
        sign_up: Arc::new(SignUpService::new(SignUpParts {
            catalog: Arc::clone(catalog),
            people: store.clone(),
            store: store.clone(),
            directory: directory.clone(),
            collection: collection.clone(),
            hasher: Arc::clone(hasher),
            judge: Arc::clone(judge),
            tokens: tokens.clone(),
            cipher: Arc::clone(cipher),
            clock: clock.clone(),
            ids: ids.clone(),
            entropy: entropy.clone(),
            gate: gate(),
            policy,
            limits: SignUpLimits {
                keeper: store.clone(),
                cipher: Arc::clone(cipher),
                budget: config.sign_ups_per_hour.map(Budget::hourly),
                refuse_disposable: config.disposable_mail == DisposableMail::Refuse,
            },
            allow_unverified,
        })),
        sign_in,
        passwords: Arc::new(PasswordService::new(
            store.clone(),
            Arc::clone(hasher),
            clock.clone(),
            mint.clone(),
            Arc::clone(judge),
        )),
        sessions: Arc::new(SessionService::new(store.clone(), clock.clone(), policy)),
        factors: Arc::new(FactorService::new(
            store.clone(),
            codes,
            clock.clone(),
            mint.clone(),
            shape,
        )),
        passkeys,
        devices: Arc::new(DeviceService::new(store.clone(), clock.clone())),
        step_ups: Arc::new(StepUpService::new(
            store.clone(),
            Arc::clone(hasher),
            checker,
            clock.clone(),
            policy,
        )),
        profiles: Arc::new(ProfileService::new(store.clone())),
        signing_keys: Arc::clone(&from.signing_keys),
        platform_keys: Arc::new(PlatformKeyService::new(
            store.clone(),
            clock.clone(),
            mint.clone(),
            key_settings.clone(),
        )),
        api_keys,
        service_accounts,
        oauth,
        support,
        key_checks: Arc::new(KeyCheckService::new(KeyCheckParts {
            catalog: Arc::clone(catalog),
            keys: from.api_keys.clone(),
            accounts: from.accounts.clone(),
            sessions: from.sessions.clone(),
            requests: from.requests.clone(),
            usage: usage.clone(),
            texts: Arc::clone(from.key_texts),
            clock: clock.clone(),
            gate: gate(),
        })),
        plan_changes,
        subscriptions: Arc::new(SubscriptionService::new(store.clone(), clock.clone())),
        invoices: Arc::new(InvoiceService::new(store.clone())),
        owed_invoices: Arc::new(OwedInvoiceService::new(store.clone(), collection, clock.clone())),
        payment_methods: Arc::new(PaymentMethodService::new(
            store.clone(),
            from.gateway.clone(),
            clock.clone(),
            ids,
        )),
        usage,
        reservations: Arc::new(ReservationService::new(from.usage.clone())),
        corrections: Arc::new(CorrectionService::new(from.usage.clone())),
        ingest: Arc::new(IngestService::new(from.usage.clone())),
        insights: Arc::new(InsightService::new(from.usage.clone())),
        clock: clock.clone(),
        entitlements: Arc::new(EntitlementService::new(
            store.clone(),
            from.entitlements.clone(),
            Arc::clone(catalog) as Arc<dyn PlanLadder>,
            from.usage.meters.clone(),
            clock.clone(),
        )),
        audit: Arc::new(AuditService::new(store.clone(), Arc::new(retention))),
        operators: Arc::new(OperatorService::new(
            Arc::clone(catalog),
            store.clone(),
            store,
            clock,
            gate(),
        )),
    };
    Built {
        upkeep,
        services,
        billing,
        purge,
    }
}

/// Zones that are the installation's own: no tenant claims a host in them.
fn own_zones(config: &Config) -> Vec<String> {
    let public = config.public_url.host_str().map(str::to_owned);
    std::iter::once(config.base_domain.clone()).chain(public).collect()
}
