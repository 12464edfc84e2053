//! Whether sessions are live.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_identity::directory::{LiveSession, SessionDirectory};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::StoreError;
use tenantry_kernel::id::{SessionId, UserId};
use time::{Duration, OffsetDateTime};

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// How long a session that was live is taken to be, unless it ends before. Only its expiry, set weeks
/// ahead, may be noticed that much late; its end is a commit.
pub const LIVENESS_TRUSTED_FOR: Duration = Duration::seconds(5);

/// A [`SessionDirectory`] that remembers live sessions, platform roles, and who may sign in. Ended sessions, and roles that
/// are not there, are asked for every time.
pub struct CachedSessions {
    inner: Arc<dyn SessionDirectory>,
    live: Facts<(UserId, SessionId), (OffsetDateTime, LiveSession)>,
    roles: Facts<UserId, PlatformRole>,
    may: Facts<UserId, bool>,
}

impl CachedSessions {
    /// Remembers up to `capacity` sessions.
    #[must_use]
    pub fn new(inner: Arc<dyn SessionDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            live: Facts::new(capacity, Arc::clone(revocations)),
            roles: Facts::new(capacity, Arc::clone(revocations)),
            may: Facts::new(capacity, Arc::clone(revocations)),
        }
    }
}

#[async_trait]
impl SessionDirectory for CachedSessions {
    async fn live(
        &self,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<LiveSession>, StoreError> {
        let load = || async { Ok(self.inner.live(user, session, now).await?.map(|live| (now, live))) };
        let still_good = |(live_at, _): &(OffsetDateTime, LiveSession)| {
            (Duration::ZERO..LIVENESS_TRUSTED_FOR).contains(&(now - *live_at))
        };
        let owner = Owner::User(user);
        let found = self
            .live
            .get_or_load_if((user, session), owner, still_good, load)
            .await?;
        Ok(found.map(|(_, live)| live))
    }

    async fn platform_role(&self, user: UserId) -> Result<Option<PlatformRole>, StoreError> {
        let load = || self.inner.platform_role(user);
        self.roles.get_or_load(user, Owner::User(user), load).await
    }

    async fn may_sign_in(&self, user: UserId) -> Result<bool, StoreError> {
        let load = || async { self.inner.may_sign_in(user).await.map(Some) };
        let found = self.may.get_or_load(user, Owner::User(user), load).await?;
        Ok(found == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_identity::directory::MockSessionDirectory;
    use tokio::time::Instant;
    use uuid::Uuid;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    struct Fixture {
        revocations: Arc<Revocations>,
        cached: CachedSessions,
        live: Arc<AtomicBool>,
        asked: Arc<AtomicU32>,
    }

    fn fixture() -> Fixture {
        let (live, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let (answer, count) = (Arc::clone(&live), Arc::clone(&asked));
        let mut inner = MockSessionDirectory::new();
        inner.expect_live().returning(move |_, _, _| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(answer
                .load(Ordering::SeqCst)
                .then_some(LiveSession { stepped_up_at: NOW }))
        });
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        Fixture {
            cached: CachedSessions::new(Arc::new(inner), 10, &revocations),
            revocations,
            live,
            asked,
        }
    }

    fn user() -> UserId {
        UserId::from_uuid(Uuid::from_u128(1))
    }

    async fn live(fixture: &Fixture, now: OffsetDateTime) -> bool {
        let session = SessionId::from_uuid(Uuid::from_u128(2));
        fixture.cached.live(user(), session, now).await.unwrap().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_live_session_is_asked_for_once_in_a_while() {
        let fixture = fixture();

        for seconds in [0, 1, 4] {
            assert!(live(&fixture, NOW + Duration::seconds(seconds)).await);
        }
        assert_eq!(fixture.asked.load(Ordering::SeqCst), 1);
        assert!(live(&fixture, NOW + LIVENESS_TRUSTED_FOR).await);
        assert!(live(&fixture, NOW).await);
        assert_eq!(fixture.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_ended_is_dead_with_the_commit_and_stays_dead() {
        let fixture = fixture();
        assert!(live(&fixture, NOW).await);

        fixture.live.store(false, Ordering::SeqCst);
        fixture.revocations.committed(Committed {
            tenant: None,
            user: Some(user()),
        });

        assert!(!live(&fixture, NOW).await);
        assert!(!live(&fixture, NOW).await);
        assert_eq!(fixture.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_platform_role_is_asked_for_once_and_lost_with_the_commit() {
        let role = Arc::new(AtomicBool::new(true));
        let asked = Arc::new(AtomicU32::new(0));
        let (answer, count) = (Arc::clone(&role), Arc::clone(&asked));
        let mut inner = MockSessionDirectory::new();
        inner.expect_platform_role().returning(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(answer.load(Ordering::SeqCst).then_some(PlatformRole::Operator))
        });
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        let cached = CachedSessions::new(Arc::new(inner), 10, &revocations);
        for _ in 0..3 {
            let found = cached.platform_role(user()).await.unwrap();
            assert_eq!(found, Some(PlatformRole::Operator));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        role.store(false, Ordering::SeqCst);
        revocations.committed(Committed {
            tenant: None,
            user: Some(user()),
        });

        assert_eq!(cached.platform_role(user()).await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_sign_in_is_asked_for_once_per_commit_of_theirs() {
        let mut inner = MockSessionDirectory::new();
        let mut answers = vec![true, false, true];
        inner
            .expect_may_sign_in()
            .times(3)
            .returning(move |_| Ok(answers.pop().unwrap()));
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        let cached = CachedSessions::new(Arc::new(inner), 10, &revocations);

        for expected in [true, false, true] {
            for _ in 0..3 {
                assert_eq!(cached.may_sign_in(user()).await.unwrap(), expected);
            }
            revocations.committed(Committed {
                tenant: None,
                user: Some(user()),
            });
        }
    }
}
