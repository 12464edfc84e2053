//! The parts, and the use cases that begin with a session.

use std::sync::Arc;

use tenantry_identity::factor::{FactorChecker, OneTimeCodes, Shape};
use tenantry_identity::mint::Mint;
use tenantry_identity::passkey::PasskeyService;
use tenantry_identity::password::PasswordJudge;
use tenantry_identity::session::{self, Exchange, RefreshText, Session, SessionPolicy};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHasher, User};
use tenantry_kernel::{
    Cipher, Clock, Entropy, Event, IdSource, Origin, SessionId, StoreError, TenantId, UserId, retry,
};
use tenantry_tenancy::directory::{AccessDirectory, TenantAccess};
use tenantry_tenancy::gate::Gate;

use super::answer::{Outcome, SignedIn};
use super::budget::GuessBudget;
use super::error::SignInError;
use super::proof::Proof;
use crate::access::Person;
use crate::joining::Newcomers;
use crate::store::LifecycleStore;
use crate::tokens::TokenIssuer;

/// What signing in needs.
pub struct SignInParts {
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Tenants and memberships.
    pub directory: Arc<dyn AccessDirectory>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether they will do.
    pub judge: Arc<PasswordJudge>,
    /// Codes of authenticator apps.
    pub codes: Arc<dyn OneTimeCodes>,
    /// Second factors.
    pub checker: Arc<FactorChecker>,
    /// Passkeys.
    pub passkeys: Arc<PasskeyService>,
    /// How authenticator apps name us.
    pub shape: Shape,
    /// How many wrong guesses an address and a tenant have.
    pub budget: GuessBudget,
    /// Who is told that an address is held.
    pub newcomers: Arc<dyn Newcomers>,
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
    /// True in development: an address need not be verified before the first sign-in.
    pub allow_unverified: bool,
}

/// Signs people in and out.
pub struct SignInService(pub(super) SignInParts);

/// How often a sign-in is tried when others of the same person are in the way.
pub(super) const TRIES: u8 = 10;

impl SignInService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: SignInParts) -> Self {
        Self(parts)
    }

    pub(super) fn mint(&self) -> Mint {
        Mint {
            cipher: Arc::clone(&self.0.cipher),
            entropy: Arc::clone(&self.0.entropy),
            ids: Arc::clone(&self.0.ids),
        }
    }

    /// Goes on with a refresh token: a new pair, and the old token is spent.
    ///
    /// # Errors
    /// [`SignInError::InvalidRefreshToken`] for every token that is not good; a token presented again
    /// after the replay window ends its session. [`SignInError::SecondFactorRequired`] when the tenant wants one by
    /// now and the session has none; the token stays good.
    pub async fn refresh(&self, refresh_token: &str, origin: &Origin) -> Result<SignedIn, SignInError> {
        let text = RefreshText::parse(refresh_token).ok_or(SignInError::InvalidRefreshToken)?;
        self.require_factors(&text).await?;
        retry::contended(TRIES, || self.try_refresh(&text, origin)).await
    }

    /// Passes when the session behind the token shows what its tenant wants. Asked before anything is spent.
    async fn require_factors(&self, text: &RefreshText) -> Result<(), SignInError> {
        let mut unit = self.0.people.read_person(text.user()).await?;
        let Some(token) = unit.sessions().find_refresh(&text.fingerprint(&*self.0.cipher)).await? else {
            return Ok(());
        };
        let session = unit.sessions().find(token.session).await?;
        drop(unit);
        let Some(tenant) = session.as_ref().and_then(Session::tenant) else {
            return Ok(());
        };
        let tenant = self.0.directory.tenant(tenant).await?;
        let wants_two = tenant.is_some_and(|tenant| tenant.security.mfa_required);
        if wants_two && session.is_some_and(|session| !session.methods().is_multi_factor()) {
            return Err(SignInError::SecondFactorRequired);
        }
        Ok(())
    }

    async fn try_refresh(&self, text: &RefreshText, origin: &Origin) -> Result<SignedIn, SignInError> {
        let now = self.0.clock.system_now();
        let (cipher, ids) = (&*self.0.cipher, &*self.0.ids);
        let policy = &self.session_policy_of(text).await?;

        let mut unit = self.0.people.begin_person(text.user(), origin).await?;
        let (session, next) = match session::exchange(unit.sessions(), text, policy, cipher, ids, now).await? {
            Exchange::Refused => return Err(SignInError::InvalidRefreshToken),
            Exchange::Revoked(session) => {
                let event = Event::new("session.revoked", session.id()).set("reason", "refresh_token_reused");
                unit.commit(vec![event]).await?;
                return Err(SignInError::InvalidRefreshToken);
            }
            Exchange::Renewed { session, next, .. } => (session, next),
        };
        let found = unit.users().find(text.user()).await?.filter(User::is_active);
        let user = found.ok_or(SignInError::InvalidRefreshToken)?;
        unit.commit(vec![]).await?; // A rotation changes nothing that anyone audits.

        let tenant = self.tenant_still_open(&session).await?;
        let tokens = self.0.tokens.issue(&session, &next, user.platform_role(), now)?;
        Ok(SignedIn {
            tokens,
            user,
            tenant,
            device: None,
            recovery_codes: Vec::new(),
        })
    }

    /// The tenant of a session whose seat is still open; refuses when it is not.
    async fn tenant_still_open(&self, session: &Session) -> Result<Option<Arc<TenantAccess>>, SignInError> {
        let (Some(tenant), Some(membership)) = (session.tenant(), session.membership()) else {
            return Ok(None);
        };
        if !self.is_open(tenant, membership).await? {
            return Err(SignInError::InvalidRefreshToken);
        }
        Ok(self.0.directory.tenant(tenant).await?)
    }

    /// How long sessions in this tenant last: the installation's time, or less where the tenant's policy asks for it.
    pub(super) async fn session_policy_for(&self, tenant: Option<TenantId>) -> Result<SessionPolicy, StoreError> {
        let found = match tenant {
            Some(tenant) => self.0.directory.tenant(tenant).await?,
            None => None,
        };
        Ok(found.map_or(self.0.policy, |tenant| {
            let limits = &tenant.security.session;
            self.0.policy.shortened(limits.absolute(), limits.idle())
        }))
    }

    /// The same for the tenant of the session that a refresh token belongs to. Looked up before the unit that
    /// exchanges it, which must not wait for another connection.
    async fn session_policy_of(&self, text: &RefreshText) -> Result<SessionPolicy, StoreError> {
        let mut unit = self.0.people.read_person(text.user()).await?;
        let sessions = unit.sessions();
        let session = match sessions.find_refresh(&text.fingerprint(&*self.0.cipher)).await? {
            Some(token) => sessions.find(token.session).await?,
            None => None,
        };
        drop(unit);
        self.session_policy_for(session.and_then(|session| session.tenant()))
            .await
    }

    /// Opens a session in another tenant of the same person, without a new password. It ends when the present
    /// one would have. A tenant that wants a second factor is told one first.
    ///
    /// # Errors
    /// [`SignInError::NoSuchTenant`] when they have no seat there.
    pub async fn switch(&self, person: &Person, tenant: &str, origin: Origin) -> Result<Outcome, SignInError> {
        let seat = self.seat_in(person.user, tenant).await?;
        let seat = seat.ok_or(SignInError::NoSuchTenant)?;
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.read_person(person.user).await?;
        let found = unit.sessions().find(person.session).await?;
        drop(unit);
        let current = found.ok_or(SignInError::InvalidCredentials)?;
        let policy = self.session_policy_for(current.tenant()).await?;
        if !current.is_live(&policy, now) {
            return Err(SignInError::InvalidCredentials);
        }

        let proof = Proof {
            methods: current.methods(),
            session: Some(&current),
            ..Proof::default()
        };
        self.proceed(person.user, Some(seat), proof, &origin).await
    }

    /// Ends the session that a refresh token belongs to. An unknown token is already out: no error.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out_with(&self, refresh_token: &str, origin: &Origin) -> Result<(), SignInError> {
        let Some(text) = RefreshText::parse(refresh_token) else {
            return Ok(());
        };
        let mut unit = self.0.people.read_person(text.user()).await?;
        let found = unit.sessions().find_refresh(&text.fingerprint(&*self.0.cipher)).await?;
        drop(unit);
        match found {
            Some(token) => self.log_out(text.user(), token.session, origin).await,
            None => Ok(()),
        }
    }

    /// Ends a session of the person. One that has ended already is left as it is.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out(&self, user: UserId, session: SessionId, origin: &Origin) -> Result<(), SignInError> {
        retry::contended(TRIES, || self.try_log_out(user, session, origin)).await
    }

    async fn try_log_out(&self, user: UserId, session: SessionId, origin: &Origin) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();

        let mut unit = self.0.people.begin_person(user, origin).await?;
        let found = unit.sessions().find(session).await?;
        let Some(mut live) = found.filter(|session| session.record().ended_at.is_none()) else {
            return Ok(());
        };
        live.end(now);
        unit.sessions().update(&live).await?;
        unit.commit(vec![Event::new("session.ended", session).set("ended_at", now)])
            .await?;
        Ok(())
    }
}
