//! Identity's repositories in memory.

use tenantry_identity::api_key::{API_KEYS_FULL, ApiKey, ApiKeyRecord, ApiKeyRepository};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::one_time_token::{OneTimeToken, OneTimeTokenId, OneTimeTokenRepository, Purpose};
use tenantry_identity::session::{RefreshToken, RefreshTokenId, Session, SessionRecord, SessionRepository};
use tenantry_identity::store::{IdentityUnit, PersonUnit};
use tenantry_identity::user::{EMAIL_TAKEN, User, UserRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{ApiKeyId, Page, PageRequest, SessionId, StoreError, UserId, async_trait};

use super::tenancy::page_of;
use super::unit::FakeUnit;

impl PersonUnit for FakeUnit {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn one_time_tokens(&mut self) -> &mut dyn OneTimeTokenRepository {
        self
    }
}

impl IdentityUnit for FakeUnit {
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository {
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
        Ok(())
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

    async fn list(&mut self, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let live: Vec<_> = self
            .rows()
            .api_keys
            .iter()
            .filter(|row| !row.is_revoked())
            .cloned()
            .collect();
        Ok(page_of(live.into_iter(), page, |row| row.id().as_uuid()))
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
