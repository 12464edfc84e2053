//! Signing in, going on with a refresh token, switching tenants, signing out.
//!
//! Answers never tell whether an address exists: an unknown one, a wrong password and a person without a
//! seat in the named tenant are one refusal, at one price.

use std::sync::Arc;

use tenantry_identity::session::{self, Exchange, RefreshText, Session, SessionPolicy};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::token::SigningFailed;
use tenantry_identity::user::{HashFailed, PasswordHash, PasswordHasher, User, UserRepository};
use tenantry_kernel::retry::{self, MaybeContended};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Cipher, Clock, DomainError, EmailAddress, Entropy, ErrorKind, Event, IdSource, MembershipId, Origin, Secret,
    SessionId, StoreError, TenantId, UserId,
};
use tenantry_tenancy::directory::{AccessDirectory, MemberAccess, TenantAccess};
use tenantry_tenancy::gate::{EnterError, Gate};
use tenantry_tenancy::membership::MembershipState;

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

/// Why somebody stays out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Address, password or tenant are wrong. Which one is not told.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The refresh token is unknown, spent or over.
    #[error("the refresh token is not valid any more")]
    InvalidRefreshToken,
    /// The address must be verified first.
    #[error("the e-mail address is not verified yet: follow the link in the mail")]
    EmailUnverified,
    /// The person has no seat there.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The gate's refusal.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The password could not be checked.
    #[error("the password could not be checked")]
    Hash(#[from] HashFailed),
    /// No token could be signed.
    #[error("no token could be signed")]
    Sign(#[from] SigningFailed),
    /// The store failed.
    #[error("the sign-in could not be stored")]
    Store(#[from] StoreError),
}

impl DomainError for SignInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials | Self::InvalidRefreshToken => ErrorKind::Unauthenticated,
            Self::EmailUnverified => ErrorKind::Denied,
            Self::NoSuchTenant => ErrorKind::NotFound,
            Self::Enter(cause) => cause.kind(),
            Self::Hash(_) | Self::Sign(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidRefreshToken => "invalid_refresh_token",
            Self::EmailUnverified => "email_unverified",
            Self::NoSuchTenant => "not_found",
            Self::Enter(cause) => cause.code(),
            Self::Hash(_) | Self::Sign(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for SignInError {
    fn is_contended(&self) -> bool {
        // Two log-ins of one person at once: the loser reads again.
        matches!(self, Self::Store(cause) if cause.is_contended() || matches!(cause, StoreError::Stale))
    }
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

type Seat = Option<(TenantId, MembershipId)>;

/// What a new session rests on.
#[derive(Clone, Copy)]
enum Proof {
    /// A password, which ends the back-off, unless too many others failed meanwhile.
    Password,
    /// A session that is live already.
    Session,
}

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
        self.open(user, seat, Proof::Password, origin).await
    }

    /// Goes on with a refresh token: a new pair, and the old token is spent.
    ///
    /// # Errors
    /// [`SignInError::InvalidRefreshToken`] for every token that is not good; a token presented again
    /// after the replay window ends its session.
    pub async fn refresh(&self, refresh_token: &str, origin: &Origin) -> Result<SignedIn, SignInError> {
        let text = RefreshText::parse(refresh_token).ok_or(SignInError::InvalidRefreshToken)?;
        let now = self.0.clock.system_now();

        let mut unit = self.0.people.begin_person(text.user(), origin).await?;
        let exchange = session::exchange(
            unit.sessions(),
            &text,
            &self.0.policy,
            &*self.0.cipher,
            &*self.0.ids,
            now,
        )
        .await?;
        let (session, next) = match exchange {
            Exchange::Refused => return Err(SignInError::InvalidRefreshToken),
            Exchange::Revoked(session) => {
                unit.commit(vec![
                    Event::new("session.revoked", session.id()).set("reason", "refresh_token_reused"),
                ])
                .await?;
                return Err(SignInError::InvalidRefreshToken);
            }
            Exchange::Renewed { session, next, .. } => (session, next),
        };
        let user = unit
            .users()
            .find(text.user())
            .await?
            .filter(User::is_active)
            .ok_or(SignInError::InvalidRefreshToken)?;
        unit.commit(vec![]).await?; // A rotation changes nothing that anyone audits.

        let tenant = self.tenant_still_open(&session).await?;
        let tokens = self.0.tokens.issue(&session, &next, user.platform_role(), now)?;
        Ok(SignedIn { tokens, user, tenant })
    }

    /// Opens a session in another tenant of the same person, without a new password.
    ///
    /// # Errors
    /// [`SignInError::NoSuchTenant`] when they have no seat there.
    pub async fn switch(&self, person: &Person, tenant: &str, origin: Origin) -> Result<SignedIn, SignInError> {
        let seat = self
            .seat_in(person.user, tenant)
            .await?
            .ok_or(SignInError::NoSuchTenant)?;
        let user = self
            .find_user(person.user)
            .await?
            .ok_or(SignInError::InvalidCredentials)?;
        self.open(user, Some(seat), Proof::Session, origin).await
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
        let mut unit = self.0.people.begin_person(text.user(), origin).await?;
        let Some(token) = unit.sessions().find_refresh(&text.fingerprint(&*self.0.cipher)).await? else {
            return Ok(());
        };
        drop(unit);
        self.log_out(text.user(), token.session, origin).await
    }

    /// Ends a session of the person.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out(&self, user: UserId, session: SessionId, origin: &Origin) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();

        let mut unit = self.0.people.begin_person(user, origin).await?;
        let Some(mut found) = unit.sessions().find(session).await? else {
            return Ok(());
        };
        found.end(now);
        unit.sessions().update(&found).await?;
        unit.commit(vec![Event::new("session.ended", session)]).await?;
        Ok(())
    }

    /// Checks the password: one refusal for everything that can be wrong.
    async fn check_password(&self, request: &LogIn, origin: &Origin) -> Result<User, SignInError> {
        let known = self.0.people.user_by_email(&request.email).await?;
        let user = match known {
            Some(id) => self.find_user(id).await?,
            None => None,
        };
        // While the user is backed off the password is checked against nothing, at the same price.
        let now = self.0.clock.system_now();
        let judged = user.as_ref().filter(|user| user.attempt(now).is_ok());
        let hash = judged.and_then(|user| user.password_hash().cloned());
        let verified = self.0.hasher.verify(request.password.clone(), hash).await?;
        let Some(user) = user.filter(|user| verified.matches && user.is_active()) else {
            // Known or not, one unit is written, so that the time tells nothing either.
            let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
            retry::contended(TRIES, || self.count_failure(id, origin)).await?;
            return Err(SignInError::InvalidCredentials);
        };
        if verified.needs_rehash {
            let hash = self.0.hasher.hash(request.password.clone()).await?;
            return Ok(self.rehashed(user, hash, origin).await?);
        }
        Ok(user)
    }

    async fn count_failure(&self, id: UserId, origin: &Origin) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person(id, origin).await?;
        if let Some(mut user) = unit.users().find(id).await? {
            user.failed(now);
            unit.users().update(&user).await?;
        }
        unit.commit(vec![Event::new("user.sign_in_failed", id)]).await?;
        Ok(())
    }

    /// A stronger hash of the same password, unless the password was changed meanwhile.
    async fn rehashed(&self, user: User, hash: PasswordHash, origin: &Origin) -> Result<User, StoreError> {
        let mut unit = self.0.people.begin_person(user.id(), origin).await?;
        let found = unit.users().find(user.id()).await?;
        let same = found.filter(|found| found.password_hash() == user.password_hash());
        let Some(mut current) = same else { return Ok(user) };
        current.set_password(hash);
        unit.users().update(&current).await?;
        unit.commit(vec![]).await?; // The password is the same; only its hash is stronger.
        Ok(current.stored())
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, SignInError> {
        let mut unit = self.0.people.read_person(id).await?;
        Ok(unit.users().find(id).await?)
    }

    /// The seat asked for; else none for platform people; else the first one that is open.
    async fn choose_seat(&self, user: &User, wanted: Option<&str>) -> Result<Seat, SignInError> {
        if let Some(tenant) = wanted {
            let seat = self.seat_in(user.id(), tenant).await?;
            return seat.map(Some).ok_or(SignInError::InvalidCredentials);
        }
        if user.platform_role().is_some() {
            return Ok(None);
        }
        for (tenant, membership) in self.0.directory.memberships_of_user(user.id()).await? {
            if self.is_open(tenant, membership).await? {
                return Ok(Some((tenant, membership)));
            }
        }
        Ok(None)
    }

    async fn seat_in(&self, user: UserId, tenant: &str) -> Result<Seat, SignInError> {
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

    async fn open(&self, user: User, seat: Seat, proof: Proof, origin: Origin) -> Result<SignedIn, SignInError> {
        retry::contended(TRIES, || self.try_open(user.id(), seat, proof, origin.clone())).await
    }

    async fn try_open(&self, user: UserId, seat: Seat, proof: Proof, origin: Origin) -> Result<SignedIn, SignInError> {
        let now = self.0.clock.system_now();
        let id = SessionId::from_uuid(self.0.ids.next());
        let mut session = Session::start(id, user, &origin, &self.0.policy, now);
        let (user, refresh) = match seat {
            Some((tenant, membership)) => {
                session.act_in(tenant, membership);
                self.open_in_tenant(&session, (tenant, membership), proof, origin, now)
                    .await?
            }
            None => self.open_on_platform(&session, proof, &origin, now).await?,
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
        (tenant, membership): (TenantId, MembershipId),
        proof: Proof,
        origin: Origin,
        now: OffsetDateTime,
    ) -> Result<(User, RefreshText), SignInError> {
        let user = session.user();
        let scope = self
            .0
            .gate
            .enter_member(tenant, user, membership, session.id(), origin)
            .await?;
        let mut unit = self.0.store.begin_spanning(&scope, Some(user)).await?;
        if let Some(mut seat) = unit.memberships().find(membership).await? {
            seat.signed_in(now);
            unit.memberships().update(&seat).await?;
        }
        let user = note_sign_in(unit.users(), user, proof, now).await?;
        let refresh = session::open(unit.sessions(), session, &self.0.policy, self.keys(), now).await?;
        unit.commit(vec![Event::new("session.started", session.id())]).await?;
        Ok((user, refresh))
    }

    /// A session without a seat stands in the platform's log.
    async fn open_on_platform(
        &self,
        session: &Session,
        proof: Proof,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(User, RefreshText), SignInError> {
        let mut unit = self.0.people.begin_person(session.user(), origin).await?;
        let user = note_sign_in(unit.users(), session.user(), proof, now).await?;
        let refresh = session::open(unit.sessions(), session, &self.0.policy, self.keys(), now).await?;
        unit.commit(vec![Event::new("session.started", session.id())]).await?;
        Ok((user, refresh))
    }

    fn keys(&self) -> (&dyn Cipher, &dyn Entropy, &dyn IdSource) {
        (&*self.0.cipher, &*self.0.entropy, &*self.0.ids)
    }
}

async fn note_sign_in(
    users: &mut dyn UserRepository,
    id: UserId,
    proof: Proof,
    now: OffsetDateTime,
) -> Result<User, SignInError> {
    let mut user = users
        .find(id)
        .await?
        .filter(User::is_active)
        .ok_or(SignInError::InvalidCredentials)?;
    match proof {
        Proof::Password => user.signed_in(now).map_err(|_| SignInError::InvalidCredentials)?,
        Proof::Session => user.seen(now),
    }
    users.update(&user).await?;
    Ok(user)
}
