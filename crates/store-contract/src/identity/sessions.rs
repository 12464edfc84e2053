//! Sessions.

use tenantry_identity::session::{Method, Session, SessionPolicy, SessionRecord};
use tenantry_identity::testing::fixtures::{NOW, session, tenant_id, user_id};
use tenantry_kernel::id::{MembershipId, SessionId};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::uuid::Uuid;

use super::{IdentityHarness, begin_person, read_person, register_two};

pub(super) async fn open(store: &impl IdentityHarness, person: u128, sessions: &[Session]) {
    let mut unit = begin_person(store, person).await;
    for session in sessions {
        unit.sessions().insert(session).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

pub(super) async fn stored(store: &impl IdentityHarness, person: u128, number: u128) -> Option<Session> {
    let mut unit = read_person(store, person).await;
    let id = SessionId::from_uuid(Uuid::from_u128(number));
    unit.sessions().find(id).await.unwrap()
}

async fn live(store: &impl IdentityHarness, person: u128, now: OffsetDateTime) -> Vec<u128> {
    let mut unit = read_person(store, person).await;
    let listed = unit.sessions().list_live(now).await.unwrap();
    listed.iter().map(|session| session.id().as_uuid().as_u128()).collect()
}

fn begun(number: u128, person: u128, at: OffsetDateTime) -> Session {
    Session::restore(SessionRecord {
        created_at: at,
        ..session(number, person).record().clone()
    })
}

/// Every field comes back as it went, at the first write and at a later one.
pub async fn a_session_comes_back_whole(store: &impl IdentityHarness) {
    register_two(store).await;
    let plain = session(10, 1);
    let rich = Session::restore(SessionRecord {
        address: Some("2001:db8::1".parse().unwrap()),
        user_agent: Some("curl/8 \"ü\"".into()),
        ..session(11, 1).record().clone()
    });
    open(store, 1, &[plain.clone(), rich.clone()]).await;

    let mut changed = rich;
    changed.act_in(tenant_id(7), MembershipId::from_uuid(Uuid::from_u128(8)));
    changed.touch(NOW + Duration::microseconds(1));
    changed.step_up(Method::Totp.into(), NOW + Duration::microseconds(2));
    changed.end(NOW + Duration::microseconds(3));
    let mut unit = begin_person(store, 1).await;
    unit.sessions().update(&changed).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1, 10).await, Some(plain));
    assert_eq!(stored(store, 1, 11).await, Some(changed));
}

/// Live sessions are listed, the youngest first; ended and expired ones are not.
pub async fn live_sessions_are_listed_youngest_first(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut ended = begun(13, 1, NOW);
    ended.end(NOW);
    let sessions = [
        begun(10, 1, NOW - Duration::HOUR),
        begun(11, 1, NOW),
        begun(12, 1, NOW - Duration::DAY),
        ended,
    ];
    open(store, 1, &sessions).await;
    open(store, 2, &[begun(20, 2, NOW)]).await;

    assert_eq!(live(store, 1, NOW).await, [11, 10, 12]);
    let over = NOW + SessionPolicy::default().absolute;
    assert_eq!(live(store, 1, over).await, Vec::<u128>::new());
}

/// A session that has ended stays ended, whatever a slow writer says.
pub async fn an_ended_session_stays_ended(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut session = session(10, 1);
    open(store, 1, std::slice::from_ref(&session)).await;
    let slow = session.clone();
    session.end(NOW);

    for written in [&session, &slow] {
        let mut unit = begin_person(store, 1).await;
        unit.sessions().update(written).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }

    assert_eq!(stored(store, 1, 10).await.unwrap().record().ended_at, Some(NOW));
}

/// Ending all others keeps the one in use, counts the live ones, and touches nobody else's.
pub async fn ending_all_others_keeps_the_one_in_use(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut ended = session(13, 1);
    ended.end(NOW - Duration::HOUR);
    open(store, 1, &[session(10, 1), session(11, 1), session(12, 1), ended]).await;
    open(store, 2, &[session(20, 2)]).await;

    let mut unit = begin_person(store, 1).await;
    let keep = Some(session(11, 1).id());
    let count = unit.sessions().end_all_except(keep, NOW).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(count, 2);
    assert_eq!(live(store, 1, NOW).await, [11]);
    assert_eq!(live(store, 2, NOW).await, [20]);
    let earlier = stored(store, 1, 13).await.unwrap().record().ended_at;
    assert_eq!(earlier, Some(NOW - Duration::HOUR));

    let mut unit = begin_person(store, 1).await;
    assert_eq!(unit.sessions().end_all_except(None, NOW).await.unwrap(), 1);
}

/// A person's unit neither sees nor writes another person's sessions.
pub async fn a_person_reaches_only_their_own_sessions(store: &impl IdentityHarness) {
    register_two(store).await;
    open(store, 1, &[session(10, 1)]).await;

    let mut unit = begin_person(store, 2).await;
    let sessions = unit.sessions();
    assert_eq!(sessions.find(session(10, 1).id()).await.unwrap(), None);
    let mut stolen = session(10, 1);
    stolen.end(NOW);
    sessions.update(&stolen).await.unwrap();
    assert_eq!(sessions.end_all_except(None, NOW).await.unwrap(), 0);
    assert!(sessions.insert(&session(11, 1)).await.is_err());
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1, 10).await, Some(session(10, 1)));
    assert_eq!(stored(store, 1, 11).await, None);
}

/// The directory says live until a session is ended or expires, and only with its own person's id.
pub async fn the_directory_tells_which_sessions_are_live(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut ended = session(11, 1);
    ended.end(NOW);
    open(store, 1, &[session(10, 1), ended.clone()]).await;

    let directory = store.session_directory();
    let live = async |user: u128, id: SessionId, now: OffsetDateTime| {
        let found = directory.live(user_id(user), id, now).await.unwrap();
        found.map(|session| session.stepped_up_at)
    };

    let id = session(10, 1).id();
    let end = NOW + SessionPolicy::default().absolute;
    assert_eq!(live(1, id, NOW).await, Some(NOW));
    assert_eq!(live(1, id, end - Duration::MICROSECOND).await, Some(NOW));
    assert_eq!(live(1, id, end).await, None);
    assert_eq!(live(2, id, NOW).await, None);
    assert_eq!(live(1, ended.id(), NOW).await, None);

    let mut proved = session(10, 1);
    proved.step_up(Method::Totp.into(), NOW + Duration::HOUR);
    let mut unit = begin_person(store, 1).await;
    unit.sessions().update(&proved).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(live(1, id, NOW).await, Some(NOW + Duration::HOUR));
}
