//! Identity's repositories in memory.

use tenantry_identity::api_key::{API_KEYS_FULL, ApiKey, ApiKeyRecord, ApiKeyRepository, KeyFilter};
use tenantry_identity::device::DeviceRepository;
use tenantry_identity::email::{EMAIL_EXISTS, EmailId, EmailRepository, OwnedEmail};
use tenantry_identity::factor::FactorRepository;
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::one_time_token::{OneTimeToken, OneTimeTokenId, OneTimeTokenRepository, Purpose};
use tenantry_identity::pending::PendingSignInRepository;
use tenantry_identity::service_account::{SERVICE_ACCOUNTS_FULL, ServiceAccount, ServiceAccountRepository};
use tenantry_identity::session::{RefreshToken, RefreshTokenId, Session, SessionRecord, SessionRepository};
use tenantry_identity::store::{IdentityUnit, PersonUnit};
use tenantry_identity::support::{Consent, ConsentId, Impersonation, SupportRepository};
use tenantry_identity::user::{EMAIL_TAKEN, User, UserRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    ApiKeyId, EmailAddress, ImpersonationId, Page, PageRequest, ServiceAccountId, SessionId, StoreError, TenantId,
    UserId, async_trait,
};

use super::tenancy::page_of;
use super::unit::FakeUnit;

impl PersonUnit for FakeUnit {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn emails(&mut self) -> &mut dyn EmailRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn one_time_tokens(&mut self) -> &mut dyn OneTimeTokenRepository {
        self
    }

    fn factors(&mut self) -> &mut dyn FactorRepository {
        self
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self
    }

    fn pending_sign_ins(&mut self) -> &mut dyn PendingSignInRepository {
        self
    }
}

impl IdentityUnit for FakeUnit {
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository {
        self
    }

    fn service_accounts(&mut self) -> &mut dyn ServiceAccountRepository {
        self
    }

    fn support(&mut self) -> &mut dyn SupportRepository {
        self
    }
}

#[async_trait]
impl UserRepository for FakeUnit {
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        if self.person != Some(id) {
            return Ok(None);
        }
        Ok(self.own().user.clone())
    }

    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        self.require_pinned(user.id())?;
        if self.state.user_by_email(user.email()).is_some() {
            return Err(StoreError::Conflict(EMAIL_TAKEN));
        }
        self.own().user = Some(user.clone());
        let id = EmailId::from_uuid(user.id().as_uuid());
        let claim = OwnedEmail {
            verified_at: user.email_verified_at(),
            ..OwnedEmail::claim(id, user.email().clone(), user.record().created_at)
        };
        EmailRepository::insert(self, &claim).await
    }

    async fn insert_many(&mut self, users: &[User]) -> Result<(), StoreError> {
        for user in users {
            if self.state.user_by_email(user.email()).is_some() {
                return Err(StoreError::Conflict(EMAIL_TAKEN));
            }
            self.added(user.id())?.user = Some(user.clone());
        }
        Ok(())
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        self.require_pinned(user.id())?;
        let stored = self.own().user.as_mut();
        let stored = stored.filter(|stored| stored.version() == user.version());
        *stored.ok_or(StoreError::Stale)? = user.clone().stored();
        if let (true, Some(at)) = (user.is_newly_verified(), user.email_verified_at()) {
            let claim = OwnedEmail::claim(EmailId::from_uuid(user.id().as_uuid()), user.email().clone(), at);
            self.prove(&claim, at).await?;
        }
        Ok(())
    }

    async fn erase(&mut self, tombstone: &User) -> Result<(), StoreError> {
        self.require_pinned(tombstone.id())?;
        let stored = self.own().user.as_ref().map(User::version);
        if stored != Some(tombstone.version()) {
            return Err(StoreError::Stale);
        }
        *self.own() = super::state::PersonRows {
            user: Some(tombstone.clone().stored()),
            ..super::state::PersonRows::default()
        };
        Ok(())
    }

    async fn forget(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl EmailRepository for FakeUnit {
    async fn list(&mut self) -> Result<Vec<OwnedEmail>, StoreError> {
        Ok(self.own().emails.clone())
    }

    async fn find(&mut self, id: EmailId) -> Result<Option<OwnedEmail>, StoreError> {
        Ok(self.own().emails.iter().find(|row| row.id == id).cloned())
    }

    async fn insert(&mut self, email: &OwnedEmail) -> Result<(), StoreError> {
        if self.own().emails.iter().any(|row| row.email == email.email) {
            return Err(StoreError::Conflict(EMAIL_EXISTS));
        }
        self.own().emails.push(email.clone());
        Ok(())
    }

    async fn prove(&mut self, email: &OwnedEmail, at: OffsetDateTime) -> Result<Option<UserId>, StoreError> {
        let pinned = self.person;
        let had = self
            .state
            .user_by_email(&email.email)
            .filter(|had| Some(*had) != pinned);
        let proved = had.and_then(|had| self.state.people.get(&had)).is_some_and(|rows| {
            let mut own = rows.emails.iter();
            own.any(|own| own.email == email.email && own.verified_at.is_some())
        });
        if proved {
            return Err(StoreError::Conflict(EMAIL_TAKEN));
        }
        for own in &mut self.own().emails {
            if own.email == email.email {
                own.verified_at.get_or_insert(at);
            }
        }
        Ok(had)
    }

    async fn hold(&mut self, email: &EmailAddress, at: OffsetDateTime) -> Result<bool, StoreError> {
        let mut own = self.own().emails.iter_mut();
        let found = own.find(|own| own.email == *email && own.verified_at.is_some() && own.held_at.is_none());
        let news = found.map(|own| own.held_at = Some(at));
        Ok(news.is_some())
    }

    async fn replace(&mut self, id: EmailId, at: Option<OffsetDateTime>) -> Result<(), StoreError> {
        for own in self.own().emails.iter_mut().filter(|own| own.id == id) {
            own.replaced_at = at;
        }
        Ok(())
    }

    async fn remove(&mut self, email: &OwnedEmail) -> Result<(), StoreError> {
        self.own().emails.retain(|own| own.id != email.id);
        Ok(())
    }

    async fn release(&mut self) -> Result<(), StoreError> {
        for own in &mut self.own().emails {
            own.verified_at = None;
        }
        Ok(())
    }
}

#[async_trait]
impl SessionRepository for FakeUnit {
    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.own().sessions.iter().find(|row| row.id() == id).cloned())
    }

    async fn list_live(&mut self, now: OffsetDateTime) -> Result<Vec<Session>, StoreError> {
        let live = |row: &&Session| row.record().ended_at.is_none() && now < row.record().expires_at;
        Ok(self.own().sessions.iter().rev().filter(live).cloned().collect())
    }

    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        self.require_pinned(session.user())?;
        self.own().sessions.push(session.clone());
        Ok(())
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        let stored = self.own().sessions.iter_mut().find(|row| row.id() == session.id());
        let stored = stored.ok_or(StoreError::Stale)?;
        let ended_at = stored.record().ended_at.or(session.record().ended_at);
        *stored = Session::restore(SessionRecord {
            ended_at,
            ..session.record().clone()
        });
        Ok(())
    }

    async fn end_all_except(&mut self, keep: Option<SessionId>, at: OffsetDateTime) -> Result<u64, StoreError> {
        let live = |row: &&mut Session| Some(row.id()) != keep && row.record().ended_at.is_none();
        let mut ended = 0;
        for session in self.own().sessions.iter_mut().filter(live) {
            session.end(at);
            ended += 1;
        }
        Ok(ended)
    }

    async fn end_in_tenant(&mut self, tenant: TenantId, at: OffsetDateTime) -> Result<u64, StoreError> {
        let there = |row: &&mut Session| row.tenant() == Some(tenant) && row.record().ended_at.is_none();
        let mut ended = 0;
        for session in self.own().sessions.iter_mut().filter(there) {
            session.end(at);
            ended += 1;
        }
        Ok(ended)
    }

    async fn list_all(&mut self, limit: u16) -> Result<Vec<Session>, StoreError> {
        let newest = self.own().sessions.iter().rev().take(usize::from(limit));
        Ok(newest.cloned().collect())
    }

    async fn find_refresh(&mut self, fingerprint: &Fingerprint) -> Result<Option<RefreshToken>, StoreError> {
        let mut tokens = self.own().refresh_tokens.iter();
        Ok(tokens.find(|row| row.fingerprint.matches(fingerprint)).cloned())
    }

    async fn insert_refresh(&mut self, token: &RefreshToken) -> Result<(), StoreError> {
        self.own().refresh_tokens.push(token.clone());
        Ok(())
    }

    async fn use_refresh(&mut self, id: RefreshTokenId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let unused = |row: &&mut RefreshToken| row.id == id && row.used_at.is_none();
        let found = self.own().refresh_tokens.iter_mut().find(unused);
        Ok(found.map(|row| row.used_at = Some(at)).is_some())
    }
}

#[async_trait]
impl OneTimeTokenRepository for FakeUnit {
    async fn insert(&mut self, token: &OneTimeToken) -> Result<(), StoreError> {
        self.require_pinned(token.user)?;
        self.own().one_time_tokens.push(token.clone());
        Ok(())
    }

    async fn insert_many(&mut self, tokens: &[OneTimeToken]) -> Result<(), StoreError> {
        for token in tokens {
            self.added(token.user)?.one_time_tokens.push(token.clone());
        }
        Ok(())
    }

    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<OneTimeToken>, StoreError> {
        let mut tokens = self.own().one_time_tokens.iter();
        Ok(tokens.find(|row| row.fingerprint.matches(fingerprint)).cloned())
    }

    async fn use_once(&mut self, id: OneTimeTokenId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let unused = |row: &&mut OneTimeToken| row.id == id && row.used_at.is_none();
        let found = self.own().one_time_tokens.iter_mut().find(unused);
        Ok(found.map(|row| row.used_at = Some(at)).is_some())
    }

    async fn revoke(&mut self, user: UserId, purpose: Purpose, at: OffsetDateTime) -> Result<u64, StoreError> {
        self.require_pinned(user)?;
        let unused = |row: &&mut OneTimeToken| row.purpose == purpose && row.used_at.is_none();
        let mut revoked = 0;
        for token in self.own().one_time_tokens.iter_mut().filter(unused) {
            token.used_at = Some(at);
            revoked += 1;
        }
        Ok(revoked)
    }
}

#[async_trait]
impl ApiKeyRepository for FakeUnit {
    async fn find(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.rows().api_keys.iter().find(|row| row.id() == id).cloned())
    }

    async fn list(&mut self, filter: &KeyFilter, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let keys = self.rows().api_keys.iter().filter(|row| filter.fits(row));
        let found: Vec<_> = keys.cloned().collect();
        Ok(page_of(found.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn insert(&mut self, key: &ApiKey, at_most: u32) -> Result<(), StoreError> {
        let made = key.record().created_at;
        let live = |row: &&ApiKey| !row.is_revoked() && row.record().expires_at.is_none_or(|end| end > made);
        let count = self.rows().api_keys.iter().filter(live).count();
        if u32::try_from(count).is_ok_and(|count| count >= at_most) {
            return Err(StoreError::Conflict(API_KEYS_FULL));
        }
        self.rows().api_keys.push(key.clone());
        Ok(())
    }

    async fn update(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let same = |row: &&mut ApiKey| row.id() == key.id() && row.version() == key.version();
        let stored = self.rows().api_keys.iter_mut().find(same).ok_or(StoreError::Stale)?;
        *stored = ApiKey::restore(ApiKeyRecord {
            last_used_at: stored.record().last_used_at,
            ..key.clone().stored().record().clone()
        });
        Ok(())
    }
}

#[async_trait]
impl ServiceAccountRepository for FakeUnit {
    async fn find(&mut self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
        Ok(self.rows().service_accounts.iter().find(|row| row.id() == id).cloned())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<ServiceAccount>, StoreError> {
        let there = self.rows().service_accounts.iter().filter(|row| !row.is_removed());
        let there: Vec<_> = there.cloned().collect();
        Ok(page_of(there.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn insert(&mut self, account: &ServiceAccount, at_most: u32) -> Result<(), StoreError> {
        let there = self
            .rows()
            .service_accounts
            .iter()
            .filter(|row| !row.is_removed())
            .count();
        if u32::try_from(there).is_ok_and(|there| there >= at_most) {
            return Err(StoreError::Conflict(SERVICE_ACCOUNTS_FULL));
        }
        self.rows().service_accounts.push(account.clone());
        Ok(())
    }

    async fn update(&mut self, account: &ServiceAccount) -> Result<(), StoreError> {
        let same = |row: &&mut ServiceAccount| row.id() == account.id() && row.version() == account.version();
        let stored = self.rows().service_accounts.iter_mut().find(same);
        *stored.ok_or(StoreError::Stale)? = account.clone().stored();
        Ok(())
    }
}

#[async_trait]
impl SupportRepository for FakeUnit {
    async fn visits(&mut self, limit: u32) -> Result<Vec<Impersonation>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.rows().visits.iter().rev().take(limit).cloned().collect())
    }

    async fn add_visit(&mut self, visit: &Impersonation) -> Result<(), StoreError> {
        self.rows().visits.push(visit.clone());
        Ok(())
    }

    async fn end_visit(&mut self, id: ImpersonationId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let live = |row: &&mut Impersonation| row.id == id && row.is_live(at);
        let found = self.rows().visits.iter_mut().find(live);
        Ok(found.map(|row| row.ended_at = Some(at)).is_some())
    }

    async fn consents(&mut self, limit: u32) -> Result<Vec<Consent>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.rows().consents.iter().rev().take(limit).cloned().collect())
    }

    async fn add_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        self.rows().consents.push(consent.clone());
        Ok(())
    }

    async fn end_consent(&mut self, id: ConsentId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let live = |row: &&mut Consent| row.id == id && row.is_live(at);
        let found = self.rows().consents.iter_mut().find(live);
        Ok(found.map(|row| row.ended_at = Some(at)).is_some())
    }
}
