//! The use cases.

use std::sync::Arc;

use tenantry_identity::session::{self, Exchange, RefreshText, Session, SessionPolicy};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PasswordHasher, User};
use tenantry_kernel::retry;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Cipher, Clock, EmailAddress, Entropy, Event, IdSource, MembershipId, Origin, Secret, SessionId, StoreError,
    TenantId, UserId,
};
use tenantry_tenancy::directory::{AccessDirectory, MemberAccess, TenantAccess};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::tenant::TenantState;

use super::error::SignInError;
use super::proof::Proof;
use crate::access::Person;
use crate::store::LifecycleStore;
use crate::tokens::{TokenIssuer, Tokens};

/// Who wants in.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The address.
    pub email: EmailAddress,
    /// The password.
    pub password: Secret<String>,
    /// The tenant wanted, by id or slug; without it the person's first one.
    pub tenant: Option<String>,
}

/// Somebody is in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Their tokens.
    pub tokens: Tokens,
    /// The human.
    pub user: User,
    /// The tenant they are in; `None` for platform people, and for people without one.
    pub tenant: Option<Arc<TenantAccess>>,
}

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
pub struct SignInService(SignInParts);

/// How often a sign-in is tried when others of the same person are in the way.
const TRIES: u8 = 10;

type Seat = (TenantId, MembershipId);

impl SignInService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: SignInParts) -> Self {
        Self(parts)
    }

    /// Signs in with address and password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn log_in(&self, request: LogIn, origin: Origin) -> Result<SignedIn, SignInError> {
        let user = self.check_password(&request, &origin).await?;
        if user.email_verified_at().is_none() && !self.0.allow_unverified {
            return Err(SignInError::EmailUnverified);
        }
        let seat = self.choose_seat(&user, request.tenant.as_deref()).await?;
        self.open(user.id(), seat, Proof::Password, &origin).await
    }

    /// Goes on with a refresh token: a new pair, and the old token is spent.
    ///
    /// # Errors
    /// [`SignInError::InvalidRefreshToken`] for every token that is not good; a token presented again
    /// after the replay window ends its session.
    pub async fn refresh(&self, refresh_token: &str, origin: &Origin) -> Result<SignedIn, SignInError> {
        let text = RefreshText::parse(refresh_token).ok_or(SignInError::InvalidRefreshToken)?;
        retry::contended(TRIES, || self.try_refresh(&text, origin)).await
    }

    async fn try_refresh(&self, text: &RefreshText, origin: &Origin) -> Result<SignedIn, SignInError> {
        let now = self.0.clock.system_now();
        let (policy, cipher, ids) = (&self.0.policy, &*self.0.cipher, &*self.0.ids);

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
        Ok(SignedIn { tokens, user, tenant })
    }

    /// Opens a session in another tenant of the same person, without a new password. It ends when the present
    /// one would have.
    ///
    /// # Errors
    /// [`SignInError::NoSuchTenant`] when they have no seat there.
    pub async fn switch(&self, person: &Person, tenant: &str, origin: Origin) -> Result<SignedIn, SignInError> {
        let seat = self.seat_in(person.user, tenant).await?;
        let seat = seat.ok_or(SignInError::NoSuchTenant)?;
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.read_person(person.user).await?;
        let found = unit.sessions().find(person.session).await?;
        drop(unit);
        let current = found
            .filter(|session| session.is_live(&self.0.policy, now))
            .ok_or(SignInError::InvalidCredentials)?;

        self.open(person.user, Some(seat), Proof::Session(&current), &origin)
            .await
    }

    /// Where a person belongs, oldest membership first.
    ///
    /// # Errors
    /// The store's.
    pub async fn seats_of(&self, user: UserId) -> Result<Vec<(Arc<TenantAccess>, Arc<MemberAccess>)>, SignInError> {
        let mut seats = Vec::new();
        for (tenant, membership) in self.0.directory.memberships_of_user(user).await? {
            let found = self.0.directory.tenant(tenant).await?;
            let member = self.0.directory.member(tenant, membership).await?;
            seats.extend(found.zip(member));
        }
        Ok(seats)
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

    /// Checks the password: one refusal for everything that can be wrong. Known or not, as many rows are looked
    /// for and one unit is written, so that the time tells nothing either.
    async fn check_password(&self, request: &LogIn, origin: &Origin) -> Result<User, SignInError> {
        let known = self.0.people.user_by_email(&request.email).await?;
        let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
        let mut unit = self.0.people.read_person(id).await?;
        let user = unit.users().find(id).await?;
        drop(unit);
        // While the user is backed off the password is checked against nothing, at the same price.
        let now = self.0.clock.system_now();
        let judged = user.as_ref().filter(|user| user.attempt(now).is_ok());
        let hash = judged.and_then(|user| user.password_hash().cloned());
        let verified = self.0.hasher.verify(request.password.clone(), hash).await?;
        let Some(user) = user.filter(|user| verified.matches && user.is_active()) else {
            retry::contended(TRIES, || self.count_failure(id, origin)).await?;
            return Err(SignInError::InvalidCredentials);
        };
        if verified.needs_rehash {
            let hash = self.0.hasher.hash(request.password.clone()).await?;
            self.rehash(&user, hash, origin).await?;
        }
        Ok(user)
    }

    async fn count_failure(&self, id: UserId, origin: &Origin) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();
        let mut event = Event::new("user.sign_in_failed", id);

        let mut unit = self.0.people.begin_person(id, origin).await?;
        if let Some(mut user) = unit.users().find(id).await? {
            let before = user.record().clone();
            user.failed(now);
            unit.users().update(&user).await?;
            let after = user.record();
            event = event
                .change(
                    "failed_logins",
                    i64::from(before.failed_logins),
                    i64::from(after.failed_logins),
                )
                .change("locked_until", before.locked_until, after.locked_until);
        }
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Stores a stronger hash of the same password, unless the person changed meanwhile: the next log-in may.
    async fn rehash(&self, user: &User, hash: PasswordHash, origin: &Origin) -> Result<(), StoreError> {
        let mut unit = self.0.people.begin_person(user.id(), origin).await?;
        let found = unit.users().find(user.id()).await?;
        let same = found.filter(|found| found.password_hash() == user.password_hash());
        let Some(mut current) = same else { return Ok(()) };
        current.set_password(hash);
        let stored = match unit.users().update(&current).await {
            Ok(()) => unit.commit(vec![]).await, // The password is the same; only its hash is stronger.
            refused => refused,
        };
        match stored {
            Err(StoreError::Stale | StoreError::Contended) => Ok(()),
            other => other,
        }
    }

    /// The seat asked for; else none for platform people; else the first one that is open, in a tenant that may be
    /// used if there is one.
    async fn choose_seat(&self, user: &User, wanted: Option<&str>) -> Result<Option<Seat>, SignInError> {
        if let Some(tenant) = wanted {
            let seat = self.seat_in(user.id(), tenant).await?;
            return seat.map(Some).ok_or(SignInError::InvalidCredentials);
        }
        if user.platform_role().is_some() {
            return Ok(None);
        }
        let mut suspended = None;
        for (tenant, membership) in self.0.directory.memberships_of_user(user.id()).await? {
            if !self.is_open(tenant, membership).await? {
                continue;
            }
            let found = self.0.directory.tenant(tenant).await?;
            match found.map(|tenant| tenant.status.state()) {
                Some(TenantState::Active) => return Ok(Some((tenant, membership))),
                Some(TenantState::Suspended) => suspended = suspended.or(Some((tenant, membership))),
                None => {}
            }
        }
        Ok(suspended)
    }

    async fn seat_in(&self, user: UserId, tenant: &str) -> Result<Option<Seat>, SignInError> {
        let directory = &self.0.directory;
        let id = match tenant.parse::<TenantId>() {
            Ok(id) => Some(id),
            Err(_) => directory.tenant_by_slug(&tenant.to_ascii_lowercase()).await?,
        };
        let Some(id) = id else { return Ok(None) };
        let Some(membership) = directory.membership_of(id, user).await? else {
            return Ok(None);
        };
        Ok(self.is_open(id, membership).await?.then_some((id, membership)))
    }

    async fn is_open(&self, tenant: TenantId, membership: MembershipId) -> Result<bool, SignInError> {
        let member = self.0.directory.member(tenant, membership).await?;
        Ok(member.is_some_and(|member| member.status == MembershipState::Active))
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

    async fn open(
        &self,
        user: UserId,
        seat: Option<Seat>,
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        retry::contended(TRIES, || self.try_open(user, seat, proof, origin)).await
    }

    async fn try_open(
        &self,
        user: UserId,
        seat: Option<Seat>,
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let now = self.0.clock.system_now();
        let id = SessionId::from_uuid(self.0.ids.next());
        let mut session = proof.session(id, user, origin, &self.0.policy, now);
        let (user, refresh) = match seat {
            Some((tenant, membership)) => {
                session.act_in(tenant, membership);
                self.open_in_tenant(&session, (tenant, membership), proof, origin, now)
                    .await?
            }
            None => self.open_on_platform(&session, proof, origin, now).await?,
        };

        let tenant = match seat {
            Some((tenant, _)) => self.0.directory.tenant(tenant).await?,
            None => None,
        };
        let tokens = self.0.tokens.issue(&session, &refresh, user.platform_role(), now)?;
        Ok(SignedIn { tokens, user, tenant })
    }

    /// A seat's session stands in its tenant's own log.
    async fn open_in_tenant(
        &self,
        session: &Session,
        (tenant, membership): Seat,
        proof: Proof<'_>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(User, RefreshText), SignInError> {
        let user = session.user();
        let gate = &self.0.gate;
        // Whoever may come in to pay must be able to sign in; what else they may not do, each request is told.
        let scope = gate
            .enter_member_to_pay(tenant, user, membership, session.id(), origin.clone())
            .await?;
        let mut unit = self.0.store.begin_spanning(&scope, Some(user)).await?;
        // The gate may have asked a cache; the seat itself is what counts.
        let found = unit.memberships().find(membership).await?;
        let open = found.filter(|seat| seat.user() == user && seat.state() == MembershipState::Active);
        let mut seat = open.ok_or_else(|| proof.seatless())?;
        seat.signed_in(now);
        unit.memberships().update(&seat).await?;
        let user = proof.note(unit.users(), user, now).await?;
        let refresh = session::open(unit.sessions(), session, &self.0.policy, self.keys(), now).await?;
        unit.commit(vec![Event::new("session.started", session.id())]).await?;
        Ok((user, refresh))
    }

    /// A session without a seat stands in the platform's log.
    async fn open_on_platform(
        &self,
        session: &Session,
        proof: Proof<'_>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(User, RefreshText), SignInError> {
        let mut unit = self.0.people.begin_person(session.user(), origin).await?;
        let user = proof.note(unit.users(), session.user(), now).await?;
        let refresh = session::open(unit.sessions(), session, &self.0.policy, self.keys(), now).await?;
        unit.commit(vec![Event::new("session.started", session.id())]).await?;
        Ok((user, refresh))
    }

    fn keys(&self) -> (&dyn Cipher, &dyn Entropy, &dyn IdSource) {
        (&*self.0.cipher, &*self.0.entropy, &*self.0.ids)
    }
}
