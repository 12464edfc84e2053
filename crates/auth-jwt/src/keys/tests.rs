//! Rotation with overlap, over a shelf of keys in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use tenantry_identity::testing::PlainCipher;
use tenantry_kernel::testing::FixedClock;
use time::macros::datetime;

use super::*;
use crate::cipher::{AeadCipher, MasterKey};
use crate::system::SystemEntropy;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// Keys in memory, with the one rule of the port.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Vec<SigningKey>>);

#[async_trait]
impl SigningKeyRepository for Shelf {
    async fn list(&self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn insert(&self, key: &SigningKey) -> Result<(), StoreError> {
        let mut keys = self.0.lock().unwrap();
        if keys.iter().any(|kept| kept.sequence == key.sequence) {
            return Err(StoreError::Conflict(SIGNING_KEY_EXISTS));
        }
        keys.push(key.clone());
        Ok(())
    }
}

/// A node: its ring, over a shelf and a clock that others may share.
pub(crate) async fn ring(shelf: &Arc<Shelf>, clock: &Arc<FixedClock>) -> KeyRing {
    KeyRing::open(ports(shelf, clock, Arc::new(PlainCipher))).await.unwrap()
}

fn ports(shelf: &Arc<Shelf>, clock: &Arc<FixedClock>, cipher: Arc<dyn Cipher>) -> KeyRingPorts {
    KeyRingPorts {
        repository: Arc::clone(shelf) as Arc<dyn SigningKeyRepository>,
        cipher,
        entropy: Arc::new(SystemEntropy),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    }
}

fn setting() -> (Arc<Shelf>, Arc<FixedClock>) {
    (Arc::new(Shelf::default()), Arc::new(FixedClock::at(NOW)))
}

fn published(ring: &KeyRing) -> Vec<String> {
    ring.jwk_set()
        .keys
        .into_iter()
        .filter_map(|key| key.common.key_id)
        .collect()
}

#[tokio::test]
async fn the_first_start_makes_one_key_and_the_next_start_finds_it() {
    let (shelf, clock) = setting();

    let first = ring(&shelf, &clock).await;
    let second = ring(&shelf, &clock).await;

    assert_eq!(first.current().unwrap().kid(), second.current().unwrap().kid());
    assert_eq!(published(&second).len(), 1);
}

#[tokio::test]
async fn the_loser_of_a_race_to_make_a_key_uses_the_winners() {
    let (shelf, clock) = setting();
    let loser = ring(&shelf, &clock).await;

    // As if both had seen an empty shelf.
    loser.make(1, NOW, NOW).await.unwrap();

    assert_eq!(shelf.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_next_key_is_published_before_it_signs_and_the_former_one_after() {
    let (shelf, clock) = setting();
    let ring = ring(&shelf, &clock).await;
    let former = ring.current().unwrap();

    ring.rotate().await.unwrap();

    let both = published(&ring);
    assert_eq!(both.len(), 2);
    assert_eq!(ring.current().unwrap().kid(), former.kid());

    clock.advance(PUBLISHED_AHEAD);
    let current = ring.current().unwrap();
    assert_eq!(current.kid(), both[1]);
    assert_eq!(published(&ring), both);
    assert!(ring.find(former.kid(), clock.system_now()).is_some());

    clock.advance(KEPT_AFTER);
    assert_eq!(published(&ring), both[1..]);
    assert!(ring.find(former.kid(), clock.system_now()).is_none());
    assert!(ring.find(current.kid(), clock.system_now()).is_some());
}

#[tokio::test]
async fn a_key_is_replaced_when_it_has_signed_long_enough_by_one_of_all_nodes() {
    let (shelf, clock) = setting();
    let (one, other) = (ring(&shelf, &clock).await, ring(&shelf, &clock).await);
    one.maintain().await.unwrap();
    assert_eq!(shelf.list().await.unwrap().len(), 1);

    clock.advance(SIGNS_FOR);
    one.maintain().await.unwrap();
    other.maintain().await.unwrap();

    assert_eq!(shelf.list().await.unwrap().len(), 2);
    assert_eq!(published(&one), published(&other));
}

#[tokio::test]
async fn another_master_key_is_told_from_a_damaged_key() {
    let (shelf, clock) = setting();
    let cipher = || {
        let master = MasterKey::generate(&SystemEntropy);
        Arc::new(AeadCipher::new(&master, Arc::new(SystemEntropy)))
    };
    let right = cipher();
    KeyRing::open(ports(&shelf, &clock, Arc::clone(&right) as Arc<dyn Cipher>))
        .await
        .unwrap();

    let wrong = KeyRing::open(ports(&shelf, &clock, cipher())).await.unwrap_err();
    let kid = shelf.list().await.unwrap()[0].kid.clone();
    shelf.0.lock().unwrap()[0].sealed = right.seal(&context(&kid), b"short");
    let damaged = KeyRing::open(ports(&shelf, &clock, right)).await.unwrap_err();

    assert!(matches!(wrong, KeyRingError::WrongMasterKey { .. }));
    assert!(matches!(damaged, KeyRingError::Damaged { .. }));
}
