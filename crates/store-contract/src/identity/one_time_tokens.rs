//! One-time tokens.

use tenantry_identity::one_time_token::{OneTimeToken, Purpose};
use tenantry_identity::testing::fixtures::{NOW, fingerprint, one_time_token, tenant_id, user_id};
use tenantry_kernel::id::MembershipId;
use tenantry_kernel::uuid::Uuid;

use super::{IdentityHarness, begin_person, read_person, register_two};

async fn issue(store: &impl IdentityHarness, person: u128, tokens: &[OneTimeToken]) {
    let mut unit = begin_person(store, person).await;
    for token in tokens {
        unit.one_time_tokens().insert(token).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

async fn stored(store: &impl IdentityHarness, person: u128, number: u8) -> Option<OneTimeToken> {
    let mut unit = read_person(store, person).await;
    unit.one_time_tokens().find(&fingerprint(number)).await.unwrap()
}

/// Every field comes back as it went, for every purpose.
pub async fn a_one_time_token_comes_back_whole(store: &impl IdentityHarness) {
    register_two(store).await;
    for (number, purpose) in (1_u8..).zip(Purpose::ALL) {
        let mut token = one_time_token(number, 1, purpose);
        if purpose == Purpose::Invitation {
            token.tenant = Some(tenant_id(7));
            token.membership = Some(MembershipId::from_uuid(Uuid::from_u128(8)));
        }
        issue(store, 1, std::slice::from_ref(&token)).await;

        let found = stored(store, 1, number).await.unwrap();

        assert_eq!(
            (found.id, found.user, found.purpose),
            (token.id, token.user, token.purpose)
        );
        assert_eq!((found.tenant, found.membership), (token.tenant, token.membership));
        assert_eq!((found.expires_at, found.used_at), (token.expires_at, token.used_at));
        assert!(found.fingerprint.matches(&token.fingerprint));
    }
    assert!(stored(store, 1, 99).await.is_none());
}

/// Of many who use one token at once, one succeeds.
pub async fn a_one_time_token_is_used_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let token = one_time_token(1, 1, Purpose::ResetPassword);
    issue(store, 1, std::slice::from_ref(&token)).await;
    let attempt = async || {
        let mut unit = begin_person(store, 1).await;
        let used = unit.one_time_tokens().use_once(token.id, NOW).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        used
    };

    let uses: [bool; 4] = tokio::join!(attempt(), attempt(), attempt(), attempt()).into();

    assert_eq!(uses.iter().filter(|used| **used).count(), 1);
    assert_eq!(stored(store, 1, 1).await.unwrap().used_at, Some(NOW));
}

/// A use that is rolled back leaves the token good.
pub async fn a_use_that_is_rolled_back_leaves_the_token_good(store: &impl IdentityHarness) {
    register_two(store).await;
    let token = one_time_token(1, 1, Purpose::ResetPassword);
    issue(store, 1, std::slice::from_ref(&token)).await;

    let mut unit = begin_person(store, 1).await;
    assert!(unit.one_time_tokens().use_once(token.id, NOW).await.unwrap());
    drop(unit);

    assert_eq!(stored(store, 1, 1).await.unwrap().used_at, None);
}

/// Revoking spends the unused tokens of one person and one purpose.
pub async fn revoking_spends_one_purpose_of_one_person(store: &impl IdentityHarness) {
    register_two(store).await;
    let others = [
        one_time_token(1, 1, Purpose::ResetPassword),
        one_time_token(2, 1, Purpose::ResetPassword),
        one_time_token(3, 1, Purpose::VerifyEmail),
    ];
    issue(store, 1, &others).await;
    issue(store, 2, &[one_time_token(4, 2, Purpose::ResetPassword)]).await;

    let mut unit = begin_person(store, 1).await;
    let tokens = unit.one_time_tokens();
    assert_eq!(tokens.revoke(user_id(1), Purpose::ResetPassword, NOW).await.unwrap(), 2);
    assert_eq!(tokens.revoke(user_id(1), Purpose::ResetPassword, NOW).await.unwrap(), 0);
    assert_eq!(tokens.revoke(user_id(2), Purpose::ResetPassword, NOW).await.unwrap(), 0);
    unit.commit(Vec::new()).await.unwrap();

    for (person, number, used_at) in [(1, 1, Some(NOW)), (1, 2, Some(NOW)), (1, 3, None), (2, 4, None)] {
        assert_eq!(
            stored(store, person, number).await.unwrap().used_at,
            used_at,
            "{number}"
        );
    }
}

/// A person's unit neither sees nor spends another person's tokens.
pub async fn a_person_reaches_only_their_own_tokens(store: &impl IdentityHarness) {
    register_two(store).await;
    let token = one_time_token(1, 1, Purpose::ResetPassword);
    issue(store, 1, std::slice::from_ref(&token)).await;

    let mut unit = begin_person(store, 2).await;
    let tokens = unit.one_time_tokens();
    assert!(tokens.find(&fingerprint(1)).await.unwrap().is_none());
    assert!(!tokens.use_once(token.id, NOW).await.unwrap());
    assert!(
        tokens
            .insert(&one_time_token(2, 1, Purpose::ResetPassword))
            .await
            .is_err()
    );
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1, 1).await.unwrap().used_at, None);
    assert!(stored(store, 1, 2).await.is_none());
}
