//! Signing keys.

use tenantry_identity::signing_key::{SIGNING_KEY_EXISTS, SigningKey};
use tenantry_identity::testing::fixtures::NOW;
use tenantry_kernel::time::Duration;

use super::IdentityHarness;
use crate::refused_by;

fn key(sequence: i64, kid: &str) -> SigningKey {
    SigningKey {
        sequence,
        kid: kid.to_owned(),
        sealed: vec![0, 1, 255],
        created_at: NOW,
        signs_from: NOW + Duration::microseconds(sequence),
    }
}

/// Keys come back as they went, by sequence, durable at once.
pub async fn signing_keys_come_back_whole_and_in_order(store: &impl IdentityHarness) {
    let keys = store.signing_keys();
    assert_eq!(keys.list().await.unwrap(), Vec::new());

    keys.insert(&key(2, "b")).await.unwrap();
    keys.insert(&key(1, "a")).await.unwrap();

    assert_eq!(keys.list().await.unwrap(), [key(1, "a"), key(2, "b")]);
}

/// Of two nodes that make a key at once, one wins and both read the same key.
pub async fn a_sequence_number_is_won_once(store: &impl IdentityHarness) {
    let keys = store.signing_keys();
    let (mine, yours) = (key(1, "mine"), key(1, "yours"));

    let (one, other) = tokio::join!(keys.insert(&mine), keys.insert(&yours));

    let (winner, lost) = if one.is_ok() { (mine, other) } else { (yours, one) };
    assert_eq!(refused_by(lost), SIGNING_KEY_EXISTS);
    assert_eq!(keys.list().await.unwrap(), [winner]);
}
