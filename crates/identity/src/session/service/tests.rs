//! Seeing and ending sessions.

use tenantry_kernel::Origin;
use tenantry_kernel::id::UserId;
use tenantry_kernel::testing::FixedClock;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::*;
use crate::testing::{Commits, FakeIdentityStore, Mocks, person};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn session(id: u128, at: OffsetDateTime) -> Session {
    let user = UserId::from_uuid(Uuid::from_u128(1));
    let id = SessionId::from_uuid(Uuid::from_u128(id));
    Session::start(id, user, &Origin::default(), &SessionPolicy::default(), at)
}

fn service(mocks: Mocks) -> (SessionService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    let clock = Arc::new(FixedClock::at(NOW));
    (
        SessionService::new(Arc::new(store), clock, SessionPolicy::default()),
        commits,
    )
}

#[tokio::test]
async fn sessions_left_alone_for_too_long_are_not_shown() {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_list_live()
        .return_once(|_| Ok(vec![session(501, NOW), session(502, NOW - Duration::days(14))]));
    let (service, _) = service(mocks);

    let shown = service.list(&person(1)).await.unwrap();

    let ids: Vec<SessionId> = shown.iter().map(Session::id).collect();
    assert_eq!(ids, [SessionId::from_uuid(Uuid::from_u128(501))]);
}

#[tokio::test]
async fn ending_a_session_is_stored_and_told() {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_find()
        .return_once(|_| Ok(Some(session(501, NOW))));
    mocks
        .sessions
        .expect_update()
        .times(1)
        .withf(|session| session.record().ended_at == Some(NOW))
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    service.end(&person(1), person(1).session).await.unwrap();

    assert_eq!(commits.actions(), ["session.ended"]);
}

#[tokio::test]
async fn a_session_that_is_unknown_or_over_cannot_be_ended() {
    let mut ended = session(501, NOW);
    ended.end(NOW);
    for found in [None, Some(ended)] {
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find().return_once(|_| Ok(found));
        let (service, commits) = service(mocks);

        let refused = service.end(&person(1), person(1).session).await.unwrap_err();

        assert_eq!((refused.kind(), refused.code()), (ErrorKind::NotFound, "not_found"));
        assert!(commits.all().is_empty());
    }
}

#[tokio::test]
async fn ending_the_others_keeps_the_one_in_use() {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_end_all_except()
        .times(1)
        .withf(|keep, at| *keep == Some(person(1).session) && *at == NOW)
        .returning(|_, _| Ok(2));
    let (service, commits) = service(mocks);

    assert_eq!(service.end_others(&person(1)).await.unwrap(), 2);

    assert_eq!(commits.actions(), ["user.sessions_ended"]);
}
