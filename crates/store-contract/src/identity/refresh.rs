//! Refresh tokens, and their exchange over a real store.

use tenantry_identity::mint::Mint;
use tenantry_identity::session::{self, Exchange, RefreshText, SessionPolicy};
use tenantry_identity::testing;
use tenantry_identity::testing::fixtures::{NOW, fingerprint, refresh_token, session};
use tenantry_kernel::time::{Duration, OffsetDateTime};

use super::sessions::{open, stored};
use super::{IdentityHarness, begin_person, read_person, register_two};

/// Opens session 10 of person 1 and answers its first refresh token.
async fn signed_in(store: &impl IdentityHarness, mint: &Mint) -> RefreshText {
    register_two(store).await;
    let mut unit = begin_person(store, 1).await;
    let keys = (&*mint.cipher, &*mint.entropy, &*mint.ids);
    let text = session::open(unit.sessions(), &session(10, 1), &SessionPolicy::default(), keys, NOW)
        .await
        .unwrap();
    unit.commit(Vec::new()).await.unwrap();
    text
}

async fn exchanged(store: &impl IdentityHarness, text: &RefreshText, mint: &Mint, now: OffsetDateTime) -> Exchange {
    let mut unit = begin_person(store, 1).await;
    let policy = SessionPolicy::default();
    let outcome = session::exchange(unit.sessions(), text, &policy, &*mint.cipher, &*mint.ids, now)
        .await
        .unwrap();
    unit.commit(Vec::new()).await.unwrap();
    outcome
}

/// The next token, and whether it is an old answer again.
fn renewed(outcome: Exchange) -> (RefreshText, bool) {
    match outcome {
        Exchange::Renewed { next, replayed, .. } => (next, replayed),
        other => panic!("expected a new token, got {other:?}"),
    }
}

/// Every field comes back as it went, found by the fingerprint.
pub async fn a_refresh_token_comes_back_whole(store: &impl IdentityHarness) {
    register_two(store).await;
    open(store, 1, &[session(10, 1)]).await;
    let token = refresh_token(3, &session(10, 1));
    let mut unit = begin_person(store, 1).await;
    unit.sessions().insert_refresh(&token).await.unwrap();
    assert!(unit.sessions().use_refresh(token.id, NOW).await.unwrap());
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = read_person(store, 1).await;
    let found = unit.sessions().find_refresh(&fingerprint(3)).await.unwrap().unwrap();
    let other = unit.sessions().find_refresh(&fingerprint(4)).await.unwrap();

    assert_eq!((found.id, found.session), (token.id, token.session));
    assert_eq!((found.issued_at, found.expires_at), (token.issued_at, token.expires_at));
    assert_eq!(found.used_at, Some(NOW));
    assert!(found.fingerprint.matches(&token.fingerprint));
    assert!(other.is_none());
}

/// A refresh token is used once; the second use finds it used.
pub async fn a_refresh_token_is_used_once(store: &impl IdentityHarness) {
    register_two(store).await;
    open(store, 1, &[session(10, 1)]).await;
    let token = refresh_token(3, &session(10, 1));
    let mut unit = begin_person(store, 1).await;
    unit.sessions().insert_refresh(&token).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let attempt = async || {
        let mut unit = begin_person(store, 1).await;
        let used = unit.sessions().use_refresh(token.id, NOW).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        used
    };

    let uses: [bool; 4] = tokio::join!(attempt(), attempt(), attempt(), attempt()).into();

    assert_eq!(uses.iter().filter(|used| **used).count(), 1);
}

/// A token may name a session of its own person only.
pub async fn a_refresh_token_stays_with_its_person(store: &impl IdentityHarness) {
    register_two(store).await;
    open(store, 1, &[session(10, 1)]).await;
    let token = refresh_token(3, &session(10, 1));
    let mut unit = begin_person(store, 1).await;
    unit.sessions().insert_refresh(&token).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin_person(store, 2).await;
    assert!(unit.sessions().find_refresh(&fingerprint(3)).await.unwrap().is_none());
    assert!(!unit.sessions().use_refresh(token.id, NOW).await.unwrap());
    let foreign = unit.sessions().insert_refresh(&refresh_token(4, &session(10, 1))).await;

    assert!(foreign.is_err());
}

/// A chain of exchanges goes on as long as each token is used in its time.
pub async fn each_token_leads_to_the_next(store: &impl IdentityHarness) {
    let mint = testing::mint();
    let mut text = signed_in(store, &mint).await;

    for day in 1..=3 {
        let now = NOW + Duration::days(day);
        let (next, replayed) = renewed(exchanged(store, &text, &mint, now).await);
        assert!(!replayed);
        assert_ne!(next, text);
        text = next;
    }

    let session = stored(store, 1, 10).await.unwrap();
    assert_eq!(session.record().last_used_at, NOW + Duration::days(3));
}

/// Many tabs that refresh at once get one and the same successor, which is good.
pub async fn tabs_that_refresh_at_once_get_the_same_successor(store: &impl IdentityHarness) {
    let mint = testing::mint();
    let text = signed_in(store, &mint).await;
    let refresh = async || renewed(exchanged(store, &text, &mint, NOW).await);

    let answers: [(RefreshText, bool); 4] = tokio::join!(refresh(), refresh(), refresh(), refresh()).into();

    assert!(answers.iter().all(|(next, _)| *next == answers[0].0));
    assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1);
    let (_, replayed) = renewed(exchanged(store, &answers[0].0, &mint, NOW).await);
    assert!(!replayed);
}

/// A token that comes again after the window ends the session, and with it the thief's good token.
pub async fn a_late_replay_ends_the_whole_family(store: &impl IdentityHarness) {
    let mint = testing::mint();
    let text = signed_in(store, &mint).await;
    let (next, _) = renewed(exchanged(store, &text, &mint, NOW).await);

    let late = NOW + SessionPolicy::default().replay_window;
    let replay = exchanged(store, &text, &mint, late).await;

    assert!(matches!(replay, Exchange::Revoked(_)));
    assert_eq!(stored(store, 1, 10).await.unwrap().record().ended_at, Some(late));
    assert!(matches!(exchanged(store, &next, &mint, late).await, Exchange::Refused));
}
