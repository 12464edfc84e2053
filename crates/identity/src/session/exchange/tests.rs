//! The exchange of refresh tokens over a mocked store.

use tenantry_kernel::Origin;
use tenantry_kernel::id::{SessionId, UserId};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::mint::Mint;
use crate::session::repository::MockSessionRepository;
use crate::testing;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn session() -> Session {
    let id = SessionId::from_uuid(Uuid::from_u128(9));
    let user = UserId::from_uuid(Uuid::from_u128(1));
    Session::start(id, user, &Origin::default(), &SessionPolicy::default(), NOW)
}

/// A store that holds the session and the token of `text`, used at `used_at`.
fn holding(text: &RefreshText, mint: &Mint, used_at: Option<OffsetDateTime>) -> MockSessionRepository {
    let session = session();
    let mut token = stored(
        text,
        &session,
        &SessionPolicy::default(),
        (&*mint.cipher, &*mint.ids),
        NOW,
    );
    token.used_at = used_at;
    let mut sessions = MockSessionRepository::new();
    sessions.expect_find_refresh().return_once(move |_| Ok(Some(token)));
    sessions.expect_find().return_once(move |_| Ok(Some(session)));
    sessions
}

fn text(mint: &Mint) -> RefreshText {
    RefreshText::mint(session().user(), mint.entropy.as_ref())
}

#[tokio::test]
async fn opening_stores_the_session_and_the_fingerprint_of_its_token() {
    let mint = testing::mint();
    let mut sessions = MockSessionRepository::new();
    sessions.expect_insert().times(1).returning(|_| Ok(()));
    let cipher = mint.cipher.clone();
    let (seen, stored) = std::sync::mpsc::channel();
    sessions.expect_insert_refresh().times(1).returning(move |token| {
        seen.send(token.clone()).unwrap();
        Ok(())
    });

    let keys = (&*mint.cipher, &*mint.entropy, &*mint.ids);
    let text = open(&mut sessions, &session(), &SessionPolicy::default(), keys, NOW)
        .await
        .unwrap();

    let token = stored.recv().unwrap();
    assert!(token.fingerprint.matches(&text.fingerprint(cipher.as_ref())));
    assert_eq!(token.expires_at, NOW + Duration::days(14));
}

#[tokio::test]
async fn a_fresh_token_is_exchanged_for_its_successor() {
    let mint = testing::mint();
    let text = text(&mint);
    let mut sessions = holding(&text, &mint, None);
    sessions.expect_use_refresh().times(1).returning(|_, _| Ok(true));
    let later = NOW + Duration::days(1);
    sessions
        .expect_update()
        .times(1)
        .withf(move |s| s.record().last_used_at == later)
        .returning(|_| Ok(()));
    sessions.expect_insert_refresh().times(1).returning(|_| Ok(()));

    let outcome = exchange(
        &mut sessions,
        &text,
        &SessionPolicy::default(),
        &*mint.cipher,
        &*mint.ids,
        later,
    )
    .await
    .unwrap();

    let Exchange::Renewed { next, replayed, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(next, text.successor(mint.cipher.as_ref()));
    assert!(!replayed);
}

#[tokio::test]
async fn two_tabs_get_the_same_successor_and_only_one_stores_it() {
    let mint = testing::mint();
    let text = text(&mint);
    // Neither mock expects an insert: storing a second successor would panic.
    let mut lost_race = holding(&text, &mint, None);
    lost_race.expect_use_refresh().times(1).returning(|_, _| Ok(false));
    let mut came_later = holding(&text, &mint, Some(NOW));

    let policy = SessionPolicy::default();
    let first = exchange(&mut lost_race, &text, &policy, &*mint.cipher, &*mint.ids, NOW)
        .await
        .unwrap();
    let second = exchange(
        &mut came_later,
        &text,
        &policy,
        &*mint.cipher,
        &*mint.ids,
        NOW + Duration::seconds(9),
    )
    .await
    .unwrap();

    for outcome in [first, second] {
        let Exchange::Renewed { next, replayed, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(next, text.successor(mint.cipher.as_ref()));
        assert!(replayed);
    }
}

#[tokio::test]
async fn a_late_replay_ends_the_session() {
    let mint = testing::mint();
    let text = text(&mint);
    let mut sessions = holding(&text, &mint, Some(NOW));
    let late = NOW + Duration::seconds(10);
    sessions
        .expect_update()
        .times(1)
        .withf(move |s| s.record().ended_at == Some(late))
        .returning(|_| Ok(()));

    let outcome = exchange(
        &mut sessions,
        &text,
        &SessionPolicy::default(),
        &*mint.cipher,
        &*mint.ids,
        late,
    )
    .await
    .unwrap();

    assert!(matches!(outcome, Exchange::Revoked(session) if session.id() == self::session().id()));
}

#[tokio::test]
async fn an_unknown_token_is_refused_and_nothing_is_written() {
    let mint = testing::mint();
    let mut sessions = MockSessionRepository::new();
    sessions.expect_find_refresh().return_once(|_| Ok(None));

    let outcome = exchange(
        &mut sessions,
        &text(&mint),
        &SessionPolicy::default(),
        &*mint.cipher,
        &*mint.ids,
        NOW,
    )
    .await
    .unwrap();

    assert!(matches!(outcome, Exchange::Refused));
}

#[tokio::test]
async fn a_token_past_its_time_is_refused_and_nothing_is_written() {
    let mint = testing::mint();
    let text = text(&mint);
    let mut sessions = holding(&text, &mint, None);

    let late = NOW + Duration::days(14);
    let outcome = exchange(
        &mut sessions,
        &text,
        &SessionPolicy::default(),
        &*mint.cipher,
        &*mint.ids,
        late,
    )
    .await
    .unwrap();

    assert!(matches!(outcome, Exchange::Refused));
}
