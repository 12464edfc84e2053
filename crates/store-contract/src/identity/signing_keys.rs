//! Signing keys.

use tenantry_identity::signing_key::{SIGNING_KEY_EXISTS, SigningKey, SigningKeyStore, TokenAlgorithm};
use tenantry_identity::testing::fixtures::NOW;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{StoreError, SystemScope};

use super::IdentityHarness;
use crate::refused_by;

fn key(sequence: i64, kid: &str, algorithm: TokenAlgorithm) -> SigningKey {
    SigningKey {
        sequence,
        kid: kid.to_owned(),
        algorithm,
        sealed: vec![0, 1, 255],
        created_at: NOW,
        signs_from: NOW + Duration::microseconds(sequence),
        revoked_at: None,
    }
}

async fn insert(keys: &dyn SigningKeyStore, key: &SigningKey) -> Result<(), StoreError> {
    let mut unit = keys.begin_signing_keys(&SystemScope::for_test(&[])).await?;
    unit.signing_keys().insert(key).await?;
    unit.commit(Vec::new()).await
}

async fn update(keys: &dyn SigningKeyStore, before: &SigningKey, after: &SigningKey) -> Result<(), StoreError> {
    let mut unit = keys.begin_signing_keys(&SystemScope::for_test(&[])).await?;
    unit.signing_keys().update(before, after).await?;
    unit.commit(Vec::new()).await
}

/// Keys come back as they went, by sequence, durable at once.
pub async fn signing_keys_come_back_whole_and_in_order(store: &impl IdentityHarness) {
    let keys = store.signing_keys();
    assert_eq!(keys.signing_keys().await.unwrap(), Vec::new());

    let (first, second) = (key(1, "a", TokenAlgorithm::EdDsa), key(2, "b", TokenAlgorithm::Rs256));
    insert(keys, &second).await.unwrap();
    insert(keys, &first).await.unwrap();

    assert_eq!(keys.signing_keys().await.unwrap(), [first, second]);
}

/// Of two nodes that make a key at once, one wins and both read the same key.
pub async fn a_sequence_number_is_won_once(store: &impl IdentityHarness) {
    let keys = store.signing_keys();
    let (mine, yours) = (
        key(1, "mine", TokenAlgorithm::EdDsa),
        key(1, "yours", TokenAlgorithm::EdDsa),
    );

    let (one, other) = tokio::join!(insert(keys, &mine), insert(keys, &yours));

    let (winner, lost) = if one.is_ok() { (mine, other) } else { (yours, one) };
    assert_eq!(refused_by(lost), SIGNING_KEY_EXISTS);
    assert_eq!(keys.signing_keys().await.unwrap(), [winner]);
}

/// A key changes only as whoever changes it has seen it: of one who advances it and one who revokes it, one looks again.
pub async fn a_signing_key_changes_as_it_was_seen(store: &impl IdentityHarness) {
    let keys = store.signing_keys();
    let seen = key(1, "a", TokenAlgorithm::EdDsa);
    insert(keys, &seen).await.unwrap();
    let advanced = SigningKey {
        signs_from: NOW - Duration::HOUR,
        ..seen.clone()
    };
    let revoked = SigningKey {
        revoked_at: Some(NOW),
        ..seen.clone()
    };

    let (one, other) = tokio::join!(update(keys, &seen, &advanced), update(keys, &seen, &revoked));

    let (winner, lost) = if one.is_ok() { (advanced, other) } else { (revoked, one) };
    assert!(matches!(lost, Err(StoreError::Stale)), "{lost:?}");
    assert_eq!(keys.signing_keys().await.unwrap(), std::slice::from_ref(&winner));
    let again = SigningKey {
        revoked_at: Some(NOW + Duration::HOUR),
        ..winner.clone()
    };
    update(keys, &winner, &again).await.unwrap();
    assert_eq!(keys.signing_keys().await.unwrap(), [again]);
}
