//! Makes the adapters and hands them to the use cases. The only place that knows every crate.
//!
//! [`Installation::open`] connects, migrates, takes the catalog into use and builds the services;
//! [`Installation::api`] is what a server serves; [`crate::workers`] is what goes on behind it.

mod belongings;
mod console;
mod database;
mod error;
mod health;
mod newcomers;
mod outside;
mod rates;
mod services;
mod usage;

use std::sync::Arc;

use tenantry_activity::dispatch::{DispatchRules, Dispatcher};
use tenantry_activity::feed::CommitListener;
use tenantry_activity::mail::MailBudget;
use tenantry_auth_jwt::cipher::{AeadCipher, MasterKey};
use tenantry_auth_jwt::hasher::{Argon2Hasher, HashCost};
use tenantry_auth_jwt::jwt::{JwtSigner, JwtVerifier, TokenSettings};
use tenantry_auth_jwt::keys::{KeyRing, KeyRingPorts, SealedKeyMaker};
use tenantry_auth_jwt::system::{SystemClock, SystemEntropy, UuidV7Source};
use tenantry_cache::{
    CachedAccess, CachedApiKeys, CachedEntitlements, CachedPlatformKeys, CachedProfiles, CachedServiceAccounts,
    CachedSessions, CachedSupport, Invalidator, ReadKeys, RecentDecisions, Revocations, VerifiedTokens,
};
use tenantry_http_actix::Services;
use tenantry_http_actix::pace::QuotaPace;
use tenantry_http_actix::routes;
use tenantry_http_actix::{Api, ApiParts, Settings};
use tenantry_identity::api_key::{KeyReader, PlainKeyReader};
use tenantry_identity::password::PasswordJudge;
use tenantry_identity::signing_key::{SigningKeyService, SigningRules};
use tenantry_identity::user::PasswordHasher;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Authority, Budget, Cipher, Clock, Entropy, IdSource, SystemScope, TenantId, TenantScope};
use tenantry_lifecycle::access::{Access, AccessParts, HostPolicy};
use tenantry_lifecycle::billing_run::BillingRunService;
use tenantry_lifecycle::catalog::{self as plans, Applied, Catalog};
use tenantry_lifecycle::password_demands::TenantsDemands;
use tenantry_lifecycle::retention::PurgeService;
use tenantry_lifecycle::roles;
use tenantry_lifecycle::usage_upkeep::UsageUpkeep;
use tenantry_payments::SandboxGateway;
use tenantry_quotas::rate::RateLimiter;
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::gate::{EnterError, Gate};

pub(crate) use belongings::belongings;
use database::{connect, migrate, refuse_superuser};
pub(crate) use database::{connect_plainly, grant_server_role};
pub use error::StartError;
use health::NodeHealth;

use usage::Counting;

use crate::catalog::{self, LoadedCatalog};
use crate::config::{self, Config, PasswordCost};
use crate::workers;

/// How many facts of each kind a node remembers.
const CACHED_FACTS: usize = 100_000;
/// How many decisions are remembered: hardly more callers come to one node within the second that one is good for, and
/// somebody who spells what they ask in many ways is to take no more room than that.
const RECENT_DECISIONS: usize = 20_000;
/// How far the clocks of two nodes may differ, for tokens.
const LEEWAY: Duration = Duration::seconds(5);

/// What even the wiring does not decide: where time, identifiers and randomness come from.
#[derive(Clone)]
pub struct Sources {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Sources {
    /// The machine's own.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7Source),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

/// One node of an installation: its database, its services, and what it remembers.
pub struct Installation {
    /// The database.
    pub store: SeaOrmStore,
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// The use cases.
    pub services: Services,
    /// Credentials and tenants.
    pub access: Arc<Access>,
    /// The billing run.
    pub billing: Arc<BillingRunService>,
    /// Removes history that plans do not keep.
    pub purge: Arc<PurgeService>,
    /// The signing keys.
    pub keys: Arc<KeyRing>,
    /// Tells thresholds, gives forgotten reservations back, checks the books.
    pub upkeep: Arc<UsageUpkeep>,
    /// Sends what waits in the queue.
    pub dispatcher: Dispatcher,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether they will do.
    pub judge: Arc<PasswordJudge>,
    /// Time, identifiers, randomness.
    pub sources: Sources,
    cipher: Arc<dyn Cipher>,
    authority: Authority,
    gate: Gate,
    counting: Counting,
    api_keys: Arc<CachedApiKeys>,
    revocations: Arc<Revocations>,
    pace: Arc<QuotaPace>,
    signer: Arc<JwtSigner>,
    settings: Settings,
}

/// What had to be waited for before the services can be built.
struct Opened {
    store: SeaOrmStore,
    catalog: Arc<Catalog>,
    keys: Arc<KeyRing>,
    signing_keys: Arc<SigningKeyService>,
    rates: Arc<dyn RateLimiter>,
}

impl Installation {
    /// Connects, brings the schema up to date, takes the catalog into use, and builds the services.
    ///
    /// # Errors
    /// [`StartError`], in words that say how to mend it.
    pub async fn open(config: &Config, sources: Sources) -> Result<Self, StartError> {
        refuse_unbuilt(config)?;
        let authority = authority();
        let cipher = cipher(config, &sources)?;
        let store = connect(config, &sources, &cipher).await?;
        migrate(config, &sources, &cipher, &store).await?;
        refuse_superuser(config, &store).await?;
        let catalog = take_catalog(config, &store, &authority).await?;
        let signing_keys = Arc::new(signing_keys(config, &store, &sources, &cipher));
        signing_keys
            .maintain(&worker_scope(&authority, workers::KEYS_JOB))
            .await?;
        let keys = Arc::new(open_keys(&store, &sources, &cipher).await?);
        let opened = Opened {
            rates: rates::keeper(config, &cipher).await?,
            store,
            catalog,
            keys,
            signing_keys,
        };
        Self::assemble(config, sources, authority, cipher, opened)
    }

    fn assemble(
        config: &Config,
        sources: Sources,
        authority: Authority,
        cipher: Arc<dyn Cipher>,
        opened: Opened,
    ) -> Result<Self, StartError> {
        let Opened {
            store,
            catalog,
            keys,
            signing_keys,
            rates,
        } = opened;
        let revocations = Arc::new(Revocations::new());
        store.on_commit(Arc::clone(&revocations) as Arc<dyn CommitListener>);
        let port = Arc::new(store.clone());
        let directory = Arc::new(CachedAccess::new(port.clone(), CACHED_FACTS, &revocations));
        let profiles = Arc::new(CachedProfiles::new(port.clone(), CACHED_FACTS, &revocations));
        let api_keys = Arc::new(CachedApiKeys::new(port.clone(), CACHED_FACTS, &revocations));
        let sessions = Arc::new(CachedSessions::new(port.clone(), CACHED_FACTS, &revocations));
        let accounts = Arc::new(CachedServiceAccounts::new(port.clone(), CACHED_FACTS, &revocations));
        let support = Arc::new(CachedSupport::new(port.clone(), CACHED_FACTS, &revocations));
        let entitlements = Arc::new(CachedEntitlements::new(port.clone(), CACHED_FACTS, &revocations));

        let token_settings = TokenSettings::new(issuer(config), "tenantry", LEEWAY)?;
        let signer = Arc::new(JwtSigner::new(Arc::clone(&keys), token_settings.clone()));
        let verifier = Arc::new(JwtVerifier::new(Arc::clone(&keys), token_settings));
        let tokens = Arc::new(VerifiedTokens::new(verifier, CACHED_FACTS, &revocations));
        let plain: Arc<dyn KeyReader> = Arc::new(PlainKeyReader::new(cipher.clone()));
        let key_texts: Arc<dyn KeyReader> = Arc::new(ReadKeys::new(plain, CACHED_FACTS));
        let hasher = hasher(config, &sources)?;
        let demands = Arc::new(TenantsDemands::new(directory.clone()));
        let judge = outside::judge(config, demands, Arc::new(hasher.meter()))?;
        let hasher: Arc<dyn PasswordHasher> = Arc::new(hasher);

        let counting = Counting::start(&port, &entitlements, &catalog, &sources);
        let usage = counting.ports(&port, &entitlements, &catalog, &rates, &sources);
        let requests = rates::admission(usage.clone(), &catalog);
        let guesses = rates::guesses(config, &rates);
        let pace = Arc::new(rates::pace(config, rates, requests.clone()));

        let roles = Arc::new(catalog.roles().clone());
        let gate = || Gate::new(authority.clone(), directory.clone(), roles.clone());
        let access = Arc::new(Access::new(AccessParts {
            directory: directory.clone(),
            keys: api_keys.clone(),
            platform_keys: Arc::new(CachedPlatformKeys::new(port.clone(), CACHED_FACTS, &revocations)),
            accounts: accounts.clone(),
            support: support.clone(),
            sessions: sessions.clone(),
            tokens: tokens.clone(),
            texts: key_texts.clone(),
            cipher: cipher.clone(),
            clock: sources.clock.clone(),
            decisions: Arc::new(RecentDecisions::new(RECENT_DECISIONS, &revocations, &*sources.entropy)),
            gate: gate(),
            hosts: HostPolicy {
                base_domain: config.base_domain.clone(),
                public_host: config.public_url.host_str().unwrap_or_default().to_owned(),
            },
            store: port.clone(),
        }));
        let built = services::build(&services::Ingredients {
            config,
            catalog: &catalog,
            store: &port,
            directory: &directory,
            profiles: &profiles,
            entitlements: &entitlements,
            api_keys: &api_keys,
            requests: &requests,
            usage,
            hasher: &hasher,
            judge: &judge,
            signer: &signer,
            signing_keys,
            accounts: &accounts,
            support: &support,
            sessions: &sessions,
            tokens: &tokens,
            cipher: &cipher,
            key_texts: &key_texts,
            sources: &sources,
            resolver: Arc::new(outside::resolver(config)),
            gateway: Arc::new(SandboxGateway::new()),
            ceremonies: Arc::new(outside::relying_party(config, &catalog)?),
            guesses,
            gate: &gate,
        });
        let mailer = outside::mailer(config, &catalog, &port, &sources)?;
        let dispatcher = Dispatcher::new(port, DispatchRules::default());
        let dispatcher = match config.mails_per_hour.map(Budget::hourly) {
            Some(budget) => dispatcher.sending_mail_within(
                mailer,
                MailBudget {
                    keeper: Arc::new(store.clone()),
                    cipher: Arc::clone(&cipher),
                    clock: sources.clock.clone(),
                    budget,
                },
            ),
            None => dispatcher.sending_mail(mailer),
        };
        Ok(Self {
            services: built.services,
            billing: built.billing,
            upkeep: built.upkeep,
            purge: built.purge,
            settings: settings(config),
            store,
            catalog,
            access,
            keys,
            dispatcher,
            hasher,
            judge,
            sources,
            cipher,
            gate: gate(),
            authority: authority.clone(),
            counting,
            api_keys,
            revocations,
            pace,
            signer,
        })
    }

    /// What a server serves.
    #[must_use]
    pub fn api(&self, metrics: metrics_exporter_prometheus::PrometheusHandle) -> Arc<Api> {
        Arc::new(Api::new(ApiParts {
            settings: self.settings.clone(),
            doorman: self.access.clone(),
            pace: self.pace.clone(),
            receipts: Arc::new(self.store.clone()),
            health: Arc::new(NodeHealth {
                store: self.store.clone(),
                signer: self.signer.clone(),
                metrics,
            }),
            cipher: self.cipher.clone(),
            ids: self.sources.ids.clone(),
            rows: routes::rows(),
        }))
    }

    /// Keeps the caches honest; must run wherever requests are served.
    #[must_use]
    pub fn invalidator(&self) -> Invalidator {
        Invalidator::new(Arc::new(self.store.clone()), Arc::clone(&self.revocations))
    }

    /// Reads the signing keys again; when they are others now, no token is believed before its signature was checked
    /// anew.
    ///
    /// # Errors
    /// [`KeyRingError`](tenantry_auth_jwt::keys::KeyRingError); the keys stay as they were.
    pub async fn reload_keys(&self) -> Result<(), tenantry_auth_jwt::keys::KeyRingError> {
        if self.keys.reload().await? {
            self.revocations.forget_all();
        }
        Ok(())
    }

    /// Moves whenever something of the installation itself, such as its keys, may have changed, here or elsewhere.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.revocations.generation()
    }

    /// Remembers when API keys were used.
    #[must_use]
    pub fn key_uses(&self) -> Arc<CachedApiKeys> {
        Arc::clone(&self.api_keys)
    }

    /// Gives back what this node holds of limits and nobody used for a while.
    pub async fn sweep_slices(&self) {
        self.counting.sweep().await;
    }

    /// A worker's scope over the installation.
    #[must_use]
    pub fn system_scope(&self, job: &'static str) -> SystemScope {
        worker_scope(&self.authority, job)
    }

    /// A worker's scope in one tenant, suspended or not.
    ///
    /// # Errors
    /// [`EnterError`] when there is no such tenant.
    pub async fn enter_as_system(&self, tenant: TenantId, job: &'static str) -> Result<TenantScope, EnterError> {
        self.gate.enter_as_system(tenant, job).await
    }

    /// The same caller, who may count usage and nothing else: for a program that counts what its own routes use.
    #[must_use]
    pub fn counting_for(&self, scope: &TenantScope) -> TenantScope {
        let permissions = std::iter::once(tenantry_quotas::permissions::CONSUME_USAGE).collect();
        let (principal, origin) = (scope.principal().clone(), scope.origin().clone());
        self.authority.enter(scope.tenant_id(), principal, permissions, origin)
    }

    /// Writes down what is only remembered, and lets go of the database. Call it once nobody calls any more.
    pub async fn close(&self) {
        self.counting.shut_down().await;
        if let Err(cause) = self.api_keys.flush().await {
            tracing::warn!(error = %cause, "the last uses of API keys could not be written");
        }
        if let Err(cause) = self.store.close().await {
            tracing::warn!(error = %cause, "the database was not closed in order");
        }
    }
}

/// The one place that makes the right to mint scopes.
#[expect(clippy::disallowed_methods, reason = "this is the composition root")]
const fn authority() -> Authority {
    Authority::new()
}

fn worker_scope(authority: &Authority, job: &'static str) -> SystemScope {
    let permissions = roles::platform_permissions(tenantry_identity::user::PlatformRole::Operator);
    authority.enter_system(
        tenantry_kernel::Principal::Worker { job },
        permissions,
        tenantry_kernel::Origin::default(),
    )
}

/// Configuration that names what this version does not have is refused, rather than ignored.
fn refuse_unbuilt(config: &Config) -> Result<(), StartError> {
    if config.stripe.is_some() {
        return Err(StartError::NotBuilt("Stripe payments (stripe_secret_key)"));
    }
    Ok(())
}

fn cipher(config: &Config, sources: &Sources) -> Result<Arc<dyn Cipher>, StartError> {
    let master = config::obtain_master_key(config, &*sources.entropy)?;
    let master = MasterKey::from_bytes(master.into_inner());
    Ok(Arc::new(AeadCipher::new(&master, sources.entropy.clone())))
}

async fn take_catalog(config: &Config, store: &SeaOrmStore, authority: &Authority) -> Result<Arc<Catalog>, StartError> {
    let loaded: LoadedCatalog = catalog::load(&config.catalog)?;
    let scope = worker_scope(authority, "catalog");
    let archived = plans::open(store, &scope, &loaded.catalog.state(), &loaded.editions).await?;
    Ok(Arc::new(loaded.with_archived(&archived)?))
}

/// Makes the configured catalog the installation's, on a database that may run another one.
pub(crate) async fn apply_catalog(config: &Config) -> Result<Applied, StartError> {
    let sources = Sources::default();
    let cipher = cipher(config, &sources)?;
    let store = connect(config, &sources, &cipher).await?;
    migrate(config, &sources, &cipher, &store).await?;
    let loaded = catalog::load(&config.catalog)?;
    let scope = worker_scope(&authority(), "catalog");
    let applied = plans::apply(&store, &scope, &loaded.catalog.state(), &loaded.editions).await?;
    store.close().await?;
    Ok(applied)
}

fn signing_keys(
    config: &Config,
    store: &SeaOrmStore,
    sources: &Sources,
    cipher: &Arc<dyn Cipher>,
) -> SigningKeyService {
    let maker = SealedKeyMaker::new(cipher.clone(), sources.entropy.clone());
    let rules = SigningRules {
        algorithm: config.token_algorithm,
        signs_for: Duration::days(config.signing_key_days.into()),
    };
    SigningKeyService::new(Arc::new(store.clone()), Arc::new(maker), sources.clock.clone(), rules)
}

async fn open_keys(store: &SeaOrmStore, sources: &Sources, cipher: &Arc<dyn Cipher>) -> Result<KeyRing, StartError> {
    let ports = KeyRingPorts {
        directory: Arc::new(store.clone()),
        cipher: cipher.clone(),
        clock: sources.clock.clone(),
    };
    Ok(KeyRing::open(ports).await?)
}

/// Who issues tokens: the public URL without its port, so that nodes that differ only in where they listen believe
/// each other's tokens.
fn issuer(config: &Config) -> String {
    let mut url = config.public_url.clone();
    // Only URLs without a host refuse a port, and the configuration has checked that there is one.
    let _ = url.set_port(None);
    url.into()
}

fn hasher(config: &Config, sources: &Sources) -> Result<Argon2Hasher, StartError> {
    let cost = match config.password_cost {
        PasswordCost::Standard => HashCost::default(),
        PasswordCost::Fast => HashCost::cheap(),
    };
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
    Ok(Argon2Hasher::new(cost, cores, sources.entropy.clone())?)
}

fn settings(config: &Config) -> Settings {
    Settings {
        trusted_proxies: config
            .trusted_proxies
            .iter()
            .map(ToString::to_string)
            .filter_map(|text| text.parse().ok())
            .collect(),
        cors_origins: config.cors_origins.clone(),
        body_limit_bytes: config.body_limit_bytes,
        timeout: config.request_timeout,
        max_in_flight: config.max_in_flight,
        public_https: config.public_url.scheme() == "https",
        ..Settings::default()
    }
}
