//! What a refresh token's text and age mean.

use tenantry_kernel::Origin;
use tenantry_kernel::id::UserId;
use tenantry_kernel::testing::CountingEntropy;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::session::Methods;
use crate::testing::PlainCipher;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn session() -> Session {
    let id = SessionId::from_uuid(Uuid::from_u128(9));
    let user = UserId::from_uuid(Uuid::from_u128(1));
    Session::start(id, user, &Origin::default(), &SessionPolicy::default(), NOW)
}

fn token(session: &Session, used_at: Option<OffsetDateTime>) -> RefreshToken {
    let id = RefreshTokenId::from_uuid(Uuid::from_u128(5));
    let mut token = RefreshToken::issue(
        id,
        session,
        Fingerprint::from_bytes([1; 32]),
        &SessionPolicy::default(),
        NOW,
    );
    token.used_at = used_at;
    token
}

#[test]
fn a_text_is_read_back_with_its_user() {
    let user = UserId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    let minted = RefreshText::mint(user, &CountingEntropy::default());
    let text = minted.to_text();

    let read = RefreshText::parse(text.expose()).unwrap();

    assert_eq!(read.user(), user);
    assert_eq!(read, minted);
    assert!(!format!("{minted:?}").contains(text.expose().rsplit('_').next().unwrap()));
}

#[test]
fn anything_else_is_no_refresh_token() {
    let minted = RefreshText::mint(session().user(), &CountingEntropy::default());
    let good = minted.to_text().into_inner();
    let others = [
        String::new(),
        "rt".to_owned(),
        "rt__".to_owned(),
        good.replacen("rt", "at", 1),
        format!("{good}_x"),
        format!("{good}0"),
        format!(" {good}"),
        good.replace('_', "."),
    ];
    for bad in others {
        assert!(RefreshText::parse(&bad).is_none(), "{bad}");
    }
}

#[test]
fn the_successor_is_always_the_same_and_never_the_token_itself() {
    let minted = RefreshText::mint(session().user(), &CountingEntropy::default());

    let next = minted.successor(&PlainCipher);

    assert_eq!(next, minted.successor(&PlainCipher));
    assert_ne!(next, minted);
    assert_ne!(next.successor(&PlainCipher), next);
    assert_eq!(next.user(), minted.user());
    assert!(
        !next
            .fingerprint(&PlainCipher)
            .matches(&minted.fingerprint(&PlainCipher))
    );
}

#[test]
fn the_age_of_a_use_decides_between_two_tabs_and_a_thief() {
    let policy = SessionPolicy::default();
    let session = session();
    for (used_at, at, verdict) in [
        (None, NOW, RefreshVerdict::Rotate),
        (Some(NOW), NOW, RefreshVerdict::Replay),
        (Some(NOW), NOW + Duration::milliseconds(9_999), RefreshVerdict::Replay),
        (Some(NOW), NOW + Duration::seconds(10), RefreshVerdict::Stolen),
        (Some(NOW), NOW + Duration::days(1), RefreshVerdict::Stolen),
        (None, NOW + Duration::days(14), RefreshVerdict::Over),
    ] {
        assert_eq!(
            token(&session, used_at).judge(&session, &policy, at),
            verdict,
            "{used_at:?} {at}"
        );
    }
}

#[test]
fn an_ended_session_refuses_every_token_of_its_family() {
    let mut session = session();
    let (fresh, used) = (token(&session, None), token(&session, Some(NOW)));

    session.end(NOW);

    for token in [fresh, used] {
        let verdict = token.judge(&session, &SessionPolicy::default(), NOW);
        assert_eq!(verdict, RefreshVerdict::Over);
    }
}

#[test]
fn a_session_lives_thirty_days_however_busy_and_fourteen_when_idle() {
    let policy = SessionPolicy::default();
    let mut busy = session();
    for day in 1..30 {
        let now = NOW + Duration::days(day);
        assert!(busy.is_live(&policy, now), "day {day}");
        busy.touch(now);
    }
    assert!(!busy.is_live(&policy, NOW + Duration::days(30)));
    assert_eq!(
        busy.refresh_until(&policy, NOW + Duration::days(29)),
        NOW + Duration::days(30)
    );

    let idle = session();
    assert!(idle.is_live(&policy, NOW + Duration::days(14) - Duration::SECOND));
    assert!(!idle.is_live(&policy, NOW + Duration::days(14)));
}

#[test]
fn a_log_in_counts_as_step_up_for_ten_minutes() {
    let policy = SessionPolicy::default();
    let mut session = session();
    assert!(session.is_stepped_up(&policy, NOW + Duration::minutes(9)));
    assert!(!session.is_stepped_up(&policy, NOW + Duration::minutes(10)));

    session.step_up(Methods::default(), NOW + Duration::hours(1));

    assert!(session.is_stepped_up(&policy, NOW + Duration::minutes(69)));
}
