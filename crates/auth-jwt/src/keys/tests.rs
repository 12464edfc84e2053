//! What a node knows of the keys, over a shelf in memory.

use tenantry_identity::signing_key::{
    KEPT_AFTER, KeyMaker, PUBLISHED_AHEAD, SigningKey, SigningKeyDirectory, TokenAlgorithm,
};
use tenantry_identity::testing::{KeyShelf, PlainCipher};
use tenantry_kernel::testing::FixedClock;
use time::macros::datetime;

use super::*;
use crate::cipher::{AeadCipher, MasterKey};
use crate::system::SystemEntropy;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// Puts a fresh key on the shelf.
pub(crate) async fn put(
    shelf: &KeyShelf,
    sequence: i64,
    algorithm: TokenAlgorithm,
    signs_from: OffsetDateTime,
) -> SigningKey {
    put_sealed(shelf, Arc::new(PlainCipher), sequence, algorithm, signs_from).await
}

async fn put_sealed(
    shelf: &KeyShelf,
    cipher: Arc<dyn Cipher>,
    sequence: i64,
    algorithm: TokenAlgorithm,
    signs_from: OffsetDateTime,
) -> SigningKey {
    let maker = SealedKeyMaker::new(cipher, Arc::new(SystemEntropy));
    let fresh = maker.make(algorithm).await.unwrap();
    let key = SigningKey {
        sequence,
        kid: fresh.kid,
        algorithm,
        sealed: fresh.sealed,
        created_at: NOW,
        signs_from,
        revoked_at: None,
    };
    shelf.put(key.clone());
    key
}

/// A node: its ring, over a shelf and a clock that others may share.
pub(crate) async fn ring(shelf: &Arc<KeyShelf>, clock: &Arc<FixedClock>) -> KeyRing {
    KeyRing::open(ports(shelf, clock, Arc::new(PlainCipher))).await.unwrap()
}

fn ports(shelf: &Arc<KeyShelf>, clock: &Arc<FixedClock>, cipher: Arc<dyn Cipher>) -> KeyRingPorts {
    KeyRingPorts {
        directory: Arc::clone(shelf) as Arc<dyn SigningKeyDirectory>,
        cipher,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    }
}

fn setting() -> (Arc<KeyShelf>, Arc<FixedClock>) {
    (Arc::new(KeyShelf::default()), Arc::new(FixedClock::at(NOW)))
}

fn published(ring: &KeyRing) -> Vec<String> {
    let keys = ring.jwk_set().keys.into_iter();
    keys.filter_map(|key| key.common.key_id).collect()
}

#[tokio::test]
async fn without_a_key_there_is_no_ring() {
    let (shelf, clock) = setting();

    let refused = KeyRing::open(ports(&shelf, &clock, Arc::new(PlainCipher))).await;

    assert!(matches!(refused, Err(KeyRingError::NoneInUse)));
}

#[tokio::test]
async fn keys_of_two_algorithms_overlap() {
    let (shelf, clock) = setting();
    let former = put(&shelf, 1, TokenAlgorithm::EdDsa, NOW).await.kid;
    let ring = ring(&shelf, &clock).await;
    let turn = NOW + PUBLISHED_AHEAD;
    let next = put(&shelf, 2, TokenAlgorithm::Rs256, turn).await.kid;

    assert_eq!(published(&ring), [former.as_str()]);
    assert!(ring.reload().await.unwrap());
    assert!(!ring.reload().await.unwrap());
    assert_eq!(published(&ring), [former.as_str(), next.as_str()]);
    assert_eq!(ring.current().unwrap().kid(), former);

    clock.advance(PUBLISHED_AHEAD);
    assert_eq!(ring.current().unwrap().kid(), next);
    assert_eq!(published(&ring), [former.as_str(), next.as_str()]);
    assert!(ring.find(&former, turn).is_some());

    clock.advance(KEPT_AFTER);
    let late = clock.system_now();
    assert_eq!(published(&ring), [next.as_str()]);
    assert!(ring.find(&former, late).is_none());
    assert!(ring.find(&next, late).is_some());
}

#[tokio::test]
async fn a_revoked_key_is_neither_published_nor_believed() {
    let (shelf, clock) = setting();
    let mut first = put(&shelf, 1, TokenAlgorithm::EdDsa, NOW).await;
    let ring = ring(&shelf, &clock).await;
    let second = put(&shelf, 2, TokenAlgorithm::EdDsa, NOW).await;
    first.revoked_at = Some(NOW);
    shelf.put(first.clone());

    ring.reload().await.unwrap();

    assert_eq!(published(&ring), [second.kid.as_str()]);
    assert!(ring.find(&first.kid, NOW).is_none());
    assert_eq!(ring.current().unwrap().kid(), second.kid);
}

#[tokio::test]
async fn another_master_key_is_told_from_a_damaged_key() {
    let (shelf, clock) = setting();
    let cipher = || -> Arc<dyn Cipher> {
        let master = MasterKey::generate(&SystemEntropy);
        Arc::new(AeadCipher::new(&master, Arc::new(SystemEntropy)))
    };
    let right = cipher();
    let mut key = put_sealed(&shelf, Arc::clone(&right), 1, TokenAlgorithm::EdDsa, NOW).await;
    KeyRing::open(ports(&shelf, &clock, Arc::clone(&right))).await.unwrap();

    let wrong = KeyRing::open(ports(&shelf, &clock, cipher())).await.unwrap_err();
    key.sealed = right.seal(&context(&key.kid), b"short");
    shelf.put(key);
    let damaged = KeyRing::open(ports(&shelf, &clock, right)).await.unwrap_err();

    assert!(matches!(wrong, KeyRingError::WrongMasterKey { .. }));
    assert!(matches!(damaged, KeyRingError::Damaged { .. }));
}
