//! Who calls, and which tenant they may enter: the way from a credential and an address to a scope.
//!
//! **Invariant:** the credential decides. An address that names another tenant answers as if that
//! tenant did not exist, unless the person is a member of it and may switch.

mod address;
mod admission;
mod callers;
mod error;
mod visits;

use std::sync::{Arc, Mutex};

use tenantry_identity::api_key::{KeyReader, KeyRefusal};
use tenantry_identity::directory::{ApiKeyDirectory, PlatformKeyDirectory, SessionDirectory};
use tenantry_identity::platform_key::PlatformKeyText;
use tenantry_identity::service_account::ServiceAccountDirectory;
use tenantry_identity::session::STEP_UP_LASTS;
use tenantry_identity::support::SupportDirectory;
use tenantry_identity::token::{AccessClaims, ServiceClaims, SupportClaims, TokenClaims, TokenError, TokenVerifier};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Cipher, Clock, Origin, PermissionSet, StoreError, SystemScope, TenantId, TenantScope, UserId};
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::gate::Gate;

pub use address::{Address, HostPolicy};
pub use admission::{Admission, Basis, Credential, Decisions, NoDecisions, Outlook, Question};
pub use callers::{Caller, Key, Person, PlatformCaller, ServiceCaller, SupportCaller};
pub use error::AccessError;
use tenantry_tenancy::host::{self, HostKind};
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::store::TenancyStore;

use self::visits::Visits;
use crate::key_powers::{self, Owners};
use crate::roles;
use crate::support::SupportWatch;

/// What somebody enters a tenant for.
#[derive(Clone, Copy)]
enum Purpose {
    Use,
    Pay,
}

/// Authenticates credentials and opens the gate. Holds only ports that answer from memory when warm.
pub struct Access {
    directory: Arc<dyn AccessDirectory>,
    keys: Arc<dyn ApiKeyDirectory>,
    platform_keys: Arc<dyn PlatformKeyDirectory>,
    accounts: Arc<dyn ServiceAccountDirectory>,
    support: SupportWatch,
    sessions: Arc<dyn SessionDirectory>,
    tokens: Arc<dyn TokenVerifier>,
    texts: Arc<dyn KeyReader>,
    cipher: Arc<dyn Cipher>,
    clock: Arc<dyn Clock>,
    decisions: Arc<dyn Decisions>,
    gate: Gate,
    hosts: HostPolicy,
    /// The last host that was found to name no tenant: most calls come to one host, and reading it again is felt.
    no_tenants: Mutex<String>,
    visits: Visits,
}

/// The parts of [`Access`], named.
pub struct AccessParts {
    /// Tenants and memberships.
    pub directory: Arc<dyn AccessDirectory>,
    /// API keys.
    pub keys: Arc<dyn ApiKeyDirectory>,
    /// Platform keys.
    pub platform_keys: Arc<dyn PlatformKeyDirectory>,
    /// Service accounts.
    pub accounts: Arc<dyn ServiceAccountDirectory>,
    /// Visits of support.
    pub support: Arc<dyn SupportDirectory>,
    /// Sessions.
    pub sessions: Arc<dyn SessionDirectory>,
    /// Access tokens.
    pub tokens: Arc<dyn TokenVerifier>,
    /// Reads the texts of API keys.
    pub texts: Arc<dyn KeyReader>,
    /// Fingerprints of platform keys.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What was decided lately.
    pub decisions: Arc<dyn Decisions>,
    /// Where scopes are minted.
    pub gate: Gate,
    /// Which hosts name tenants.
    pub hosts: HostPolicy,
    /// Where it is written down that an operator came in.
    pub store: Arc<dyn TenancyStore>,
}

impl Access {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: AccessParts) -> Self {
        let AccessParts {
            directory,
            keys,
            platform_keys,
            accounts,
            support,
            sessions,
            tokens,
            texts,
            cipher,
            clock,
            decisions,
            gate,
            hosts,
            store,
        } = parts;
        Self {
            visits: Visits::new(store, Arc::clone(&clock)),
            support: SupportWatch::new(Arc::clone(&directory), support, Arc::clone(&sessions)),
            directory,
            keys,
            platform_keys,
            accounts,
            sessions,
            tokens,
            texts,
            cipher,
            clock,
            decisions,
            gate,
            hosts,
            no_tenants: Mutex::default(),
        }
    }

    /// Checks an access token: signature, expiry, and that its session or account still lives.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], whatever is wrong with the token; [`AccessError::Store`].
    pub async fn authenticate_token(&self, token: &str) -> Result<Caller, AccessError> {
        let now = self.clock.system_now();
        let claims = self
            .tokens
            .verify(token, now)
            .map_err(|_: TokenError| AccessError::NotAuthenticated)?;
        match claims {
            TokenClaims::Person(claims) => {
                let live = self.sessions.live(claims.user, claims.session, now).await?;
                let live = live.ok_or(AccessError::NotAuthenticated)?;
                let stepped_up = now < live.stepped_up_at + STEP_UP_LASTS;
                let platform_role = self.role_now(&claims).await?;
                Ok(Caller::Person(person_of(&claims, platform_role, stepped_up)))
            }
            TokenClaims::Service(claims) => self.service(&claims).await.map(Caller::Service),
            TokenClaims::Support(claims) => self.visit(&claims, now).await.map(Caller::Support),
        }
    }

    async fn visit(&self, claims: &SupportClaims, now: OffsetDateTime) -> Result<SupportCaller, AccessError> {
        let visit = self.support.live(claims.tenant, claims.impersonation, now).await?;
        visit.map(SupportCaller).ok_or(AccessError::NotAuthenticated)
    }

    /// The platform role that a token tells, while the person has it still.
    async fn role_now(&self, claims: &AccessClaims) -> Result<Option<PlatformRole>, StoreError> {
        let Some(told) = claims.platform_role else {
            return Ok(None);
        };
        let role = self.sessions.platform_role(claims.user).await?;
        Ok(role.filter(|role| *role == told))
    }

    async fn service(&self, claims: &ServiceClaims) -> Result<ServiceCaller, AccessError> {
        let found = self.accounts.service_account(claims.tenant, claims.account).await?;
        let account = found.filter(|account| account.honours(claims.jti, claims.issued_at));
        let account = account.ok_or(AccessError::NotAuthenticated)?;
        Ok(ServiceCaller {
            tenant: claims.tenant,
            account: claims.account,
            permissions: key_powers::narrowed(account.permissions(), claims.scope.as_deref()),
        })
    }

    /// Checks an API key: checksum first, then secret, expiry, revocation, the caller's address, and that its owner
    /// is still here.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], [`AccessError::AddressNotAllowed`], [`AccessError::Store`].
    pub async fn authenticate_key(&self, text: &str, origin: &Origin) -> Result<Caller, AccessError> {
        let Ok(shown) = self.texts.read(text) else {
            return self.authenticate_platform_key(text, origin).await;
        };
        let found = self.keys.find(shown.tenant, shown.key).await?;
        let key = found.ok_or(AccessError::NotAuthenticated)?;
        let now = self.clock.system_now();
        match key.admits(&shown.fingerprint, now, origin.address) {
            Ok(()) => {}
            Err(KeyRefusal::AddressNotAllowed) => return Err(AccessError::AddressNotAllowed),
            Err(_) => return Err(AccessError::NotAuthenticated),
        }
        let owners = Owners {
            gate: &self.gate,
            accounts: &*self.accounts,
            sessions: &*self.sessions,
        };
        let held = owners.of_key(shown.tenant, &key).await?;
        let held = held.ok_or(AccessError::NotAuthenticated)?;
        self.keys.touch(shown.tenant, shown.key, now).await?;
        Ok(Caller::Key(Key {
            tenant: shown.tenant,
            id: shown.key,
            person: held.person,
            live: key.is_live(),
            permissions: held.permissions,
            rate_limit_per_minute: key.rate_limit(),
        }))
    }

    async fn authenticate_platform_key(&self, text: &str, origin: &Origin) -> Result<Caller, AccessError> {
        let parsed = PlatformKeyText::parse(text).map_err(|_| AccessError::NotAuthenticated)?;
        let found = self.platform_keys.find_platform_key(parsed.key()).await?;
        let key = found.ok_or(AccessError::NotAuthenticated)?;
        let now = self.clock.system_now();
        match key.admits(&parsed.fingerprint(&*self.cipher), now, origin.address) {
            Ok(()) => {}
            Err(KeyRefusal::AddressNotAllowed) => return Err(AccessError::AddressNotAllowed),
            Err(_) => return Err(AccessError::NotAuthenticated),
        }
        self.platform_keys.touch_platform_key(parsed.key(), now).await?;
        Ok(Caller::Platform(PlatformCaller {
            id: parsed.key(),
            permissions: key.permissions().clone(),
        }))
    }

    /// Opens the tenant that the credential and the address agree on.
    ///
    /// # Errors
    /// [`AccessError::NoSuchTenant`] when they disagree or name nothing; [`AccessError::TenantMismatch`] for a
    /// person who is a member of the addressed tenant; what the gate refuses.
    pub async fn enter(
        &self,
        caller: &Caller,
        address: &Address<'_>,
        origin: Origin,
    ) -> Result<TenantScope, AccessError> {
        self.enter_by(caller, address, origin, Purpose::Use).await
    }

    /// As [`Access::enter`], for what somebody needs to pay an invoice: also into a tenant that is suspended because
    /// one is unpaid. Programs stay outside.
    ///
    /// # Errors
    /// As [`Access::enter`].
    pub async fn enter_to_pay(
        &self,
        caller: &Caller,
        address: &Address<'_>,
        origin: Origin,
    ) -> Result<TenantScope, AccessError> {
        self.enter_by(caller, address, origin, Purpose::Pay).await
    }

    async fn enter_by(
        &self,
        caller: &Caller,
        address: &Address<'_>,
        origin: Origin,
        purpose: Purpose,
    ) -> Result<TenantScope, AccessError> {
        let named = self.named_tenants(address).await?;
        match caller {
            Caller::Key(key) => {
                if named.iter().any(|tenant| *tenant != key.tenant) {
                    return Err(AccessError::NoSuchTenant);
                }
                let scope = self
                    .gate
                    .enter_key(key.tenant, key.id, key.live, key.permissions.clone(), origin)
                    .await?;
                Ok(scope)
            }
            Caller::Service(service) => {
                if named.iter().any(|tenant| *tenant != service.tenant) {
                    return Err(AccessError::NoSuchTenant);
                }
                let (tenant, account) = (service.tenant, service.account);
                Ok(self
                    .gate
                    .enter_service(tenant, account, &service.permissions, origin)
                    .await?)
            }
            Caller::Support(caller) => {
                let visit = &caller.0;
                if named.iter().any(|tenant| *tenant != visit.tenant) {
                    return Err(AccessError::NoSuchTenant);
                }
                let narrow = |held: &PermissionSet| roles::of_support(held, visit.read_only);
                let acting = caller.principal();
                Ok(self
                    .gate
                    .enter_support(visit.tenant, visit.user, acting, narrow, origin)
                    .await?)
            }
            Caller::Platform(_) => Err(AccessError::NoSuchTenant),
            Caller::Person(person) => match (person.seat, person.platform_role) {
                (Some((tenant, membership)), _) => {
                    let others: Vec<TenantId> = named.into_iter().filter(|named| *named != tenant).collect();
                    if !others.is_empty() {
                        return Err(self.refusal(person.user, &others).await?);
                    }
                    let (gate, user, session) = (&self.gate, person.user, person.session);
                    Ok(match purpose {
                        Purpose::Use => gate.enter_member(tenant, user, membership, session, origin).await?,
                        Purpose::Pay => {
                            gate.enter_member_to_pay(tenant, user, membership, session, origin)
                                .await?
                        }
                    })
                }
                (None, Some(role)) => {
                    let tenant = agreed(&named).ok_or(AccessError::NoSuchTenant)?;
                    if !self.support.agreed(tenant, self.clock.system_now()).await? {
                        return Err(AccessError::NoConsent);
                    }
                    let read_only = role == PlatformRole::Support;
                    let scope = self
                        .gate
                        .enter_operator(tenant, person.user, person.session, read_only, origin)
                        .await?;
                    self.visits.note(&scope, person.session).await?;
                    Ok(scope)
                }
                (None, None) => Err(self.refusal(person.user, &named).await?),
            },
        }
    }

    /// Opens the installation, for platform people.
    ///
    /// # Errors
    /// [`AccessError::NotAnOperator`] for everyone else.
    pub fn enter_system(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, AccessError> {
        match caller {
            Caller::Person(Person {
                user,
                session,
                platform_role: Some(role),
                ..
            }) => Ok(self
                .gate
                .enter_system(*user, *session, roles::platform_permissions(*role), origin)),
            _ => Err(AccessError::NotAnOperator),
        }
    }

    /// Opens what a platform key is for.
    ///
    /// # Errors
    /// [`AccessError::NotAnOperator`] for everyone else.
    pub fn enter_platform(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, AccessError> {
        match caller {
            Caller::Platform(key) => Ok(self.gate.enter_platform_key(key.id, key.permissions.clone(), origin)),
            _ => Err(AccessError::NotAnOperator),
        }
    }

    /// The tenant that an address names, for public routes.
    ///
    /// # Errors
    /// [`AccessError::NoSuchTenant`] when it names an unknown one, or two.
    pub async fn addressed(&self, address: &Address<'_>) -> Result<Option<TenantId>, AccessError> {
        let named = self.named_tenants(address).await?;
        if named.is_empty() {
            Ok(None)
        } else {
            agreed(&named).map(Some).ok_or(AccessError::NoSuchTenant)
        }
    }

    /// Every tenant that the address names, in the order path, header, host.
    async fn named_tenants(&self, address: &Address<'_>) -> Result<Vec<TenantId>, AccessError> {
        let mut named = Vec::with_capacity(3);
        for text in [&address.path, &address.header].into_iter().flatten() {
            if !matches!(&**text, "current" | "me") {
                named.push(self.tenant_by_text(text).await?);
            }
        }
        if let Some(host) = &address.host {
            named.extend(self.tenant_by_host(host).await?);
        }
        Ok(named)
    }

    async fn tenant_by_text(&self, text: &str) -> Result<TenantId, AccessError> {
        let found = match text.parse::<TenantId>() {
            Ok(id) => self.directory.tenant(id).await?.map(|tenant| tenant.id),
            // A slug never looks like an id.
            Err(_) => self.directory.tenant_by_slug(&text.to_ascii_lowercase()).await?,
        };
        found.ok_or(AccessError::NoSuchTenant)
    }

    async fn tenant_by_host(&self, host: &str) -> Result<Option<TenantId>, AccessError> {
        if self.is_known_to_name_none(host) {
            return Ok(None);
        }
        let found = match host::classify(host, &self.hosts.base_domain, &self.hosts.public_host) {
            HostKind::Platform | HostKind::IpLiteral => {
                self.note_names_none(host);
                return Ok(None);
            }
            HostKind::Subdomain(slug) => self.directory.tenant_by_slug(slug.as_str()).await?,
            HostKind::Custom(host) => self.directory.tenant_by_host(&host).await?,
            HostKind::Invalid => None,
        };
        found.map(Some).ok_or(AccessError::NoSuchTenant)
    }

    fn is_known_to_name_none(&self, host: &str) -> bool {
        !host.is_empty() && self.no_tenants.try_lock().is_ok_and(|known| *known == *host)
    }

    fn note_names_none(&self, host: &str) {
        if let Ok(mut known) = self.no_tenants.try_lock() {
            host.clone_into(&mut known);
        }
    }

    /// How a person is refused who is not signed in to the tenants that the address names. Only an active member
    /// of all of them learns that they exist.
    async fn refusal(&self, user: UserId, named: &[TenantId]) -> Result<AccessError, StoreError> {
        for tenant in named {
            if !self.is_active_member(*tenant, user).await? {
                return Ok(AccessError::NoSuchTenant);
            }
        }
        Ok(if named.is_empty() {
            AccessError::NoSuchTenant
        } else {
            AccessError::TenantMismatch
        })
    }

    async fn is_active_member(&self, tenant: TenantId, user: UserId) -> Result<bool, StoreError> {
        let Some(membership) = self.directory.membership_of(tenant, user).await? else {
            return Ok(false);
        };
        let member = self.directory.member(tenant, membership).await?;
        Ok(member.is_some_and(|member| member.status == MembershipState::Active))
    }
}

fn person_of(claims: &AccessClaims, platform_role: Option<PlatformRole>, stepped_up: bool) -> Person {
    Person {
        user: claims.user,
        session: claims.session,
        seat: claims.tenant.zip(claims.membership),
        platform_role,
        stepped_up,
    }
}

/// The one tenant that all of `named` are.
fn agreed(named: &[TenantId]) -> Option<TenantId> {
    let first = named.first()?;
    named.iter().all(|tenant| tenant == first).then_some(*first)
}

#[cfg(test)]
mod tests;
