//! Rotation with overlap, over a shelf of keys in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError, ErrorKind};

use super::*;
use crate::signing_key::{FreshKey, KEPT_AFTER, KeyMakingFailed, KeyStatus};
use crate::testing::KeyShelf;
use crate::testing::fixtures::NOW;

/// Makes keys that are named by their number.
#[derive(Default)]
struct Numbering(AtomicU32);

#[async_trait]
impl KeyMaker for Numbering {
    async fn make(&self, _: TokenAlgorithm) -> Result<FreshKey, KeyMakingFailed> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(FreshKey {
            kid: format!("k{number}"),
            sealed: vec![1],
        })
    }
}

struct House {
    shelf: Arc<KeyShelf>,
    clock: Arc<FixedClock>,
    service: SigningKeyService,
}

fn house(rules: SigningRules) -> House {
    let (shelf, clock) = (Arc::new(KeyShelf::default()), Arc::new(FixedClock::at(NOW)));
    let service = SigningKeyService::new(
        Arc::clone(&shelf) as Arc<dyn SigningKeyStore>,
        Arc::new(Numbering::default()),
        Arc::clone(&clock) as Arc<dyn Clock>,
        rules,
    );
    House { shelf, clock, service }
}

fn operator() -> SystemScope {
    SystemScope::for_test(&[PLATFORM_READ, PLATFORM_MANAGE])
}

async fn statuses(house: &House) -> Vec<(String, KeyStatus)> {
    let (keys, now) = house.service.list(&operator()).await.unwrap();
    keys.into_iter()
        .map(|life| (life.key.kid.clone(), life.status(now)))
        .collect()
}

fn named(pairs: &[(&str, KeyStatus)]) -> Vec<(String, KeyStatus)> {
    pairs.iter().map(|(kid, status)| ((*kid).to_owned(), *status)).collect()
}

#[tokio::test]
async fn the_first_start_makes_one_key_that_signs_at_once() {
    let house = house(SigningRules::default());

    for _ in 0..3 {
        house.service.maintain(&operator()).await.unwrap();
    }

    assert_eq!(statuses(&house).await, named(&[("k1", KeyStatus::Current)]));
    assert_eq!(house.shelf.actions(), ["signing_key.created"]);
}

#[tokio::test]
async fn a_rotated_key_is_published_before_it_signs_and_the_former_one_after() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();

    let next = house.service.rotate(&operator()).await.unwrap();
    let second = house.service.rotate(&operator()).await.unwrap_err();

    assert_eq!(next.key.signs_from, NOW + PUBLISHED_AHEAD);
    assert_eq!(
        (second.kind(), second.code()),
        (ErrorKind::Conflict, "signing_key_pending")
    );
    let told = |next, former| named(&[("k2", next), ("k1", former)]);
    assert_eq!(statuses(&house).await, told(KeyStatus::Next, KeyStatus::Current));
    house.clock.advance(PUBLISHED_AHEAD);
    assert_eq!(statuses(&house).await, told(KeyStatus::Current, KeyStatus::Former));
    house.clock.advance(KEPT_AFTER);
    assert_eq!(statuses(&house).await, told(KeyStatus::Current, KeyStatus::Retired));
}

#[tokio::test]
async fn a_key_is_replaced_when_it_has_signed_long_enough_and_once_only() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();

    house.clock.advance(Duration::days(90) - Duration::SECOND);
    house.service.maintain(&operator()).await.unwrap();
    assert_eq!(statuses(&house).await.len(), 1);
    house.clock.advance(Duration::SECOND);
    for _ in 0..3 {
        house.service.maintain(&operator()).await.unwrap();
    }

    assert_eq!(
        statuses(&house).await,
        named(&[("k2", KeyStatus::Next), ("k1", KeyStatus::Current)])
    );
}

#[tokio::test]
async fn another_algorithm_is_a_rotation() {
    let before = house(SigningRules::default());
    before.service.maintain(&operator()).await.unwrap();
    let rules = SigningRules {
        algorithm: TokenAlgorithm::Rs256,
        ..SigningRules::default()
    };
    let after = SigningKeyService::new(
        Arc::clone(&before.shelf) as Arc<dyn SigningKeyStore>,
        Arc::new(Numbering(AtomicU32::new(1))),
        Arc::clone(&before.clock) as Arc<dyn Clock>,
        rules,
    );

    for _ in 0..3 {
        after.maintain(&operator()).await.unwrap();
    }

    let (keys, now) = after.list(&operator()).await.unwrap();
    let told: Vec<_> = keys.iter().map(|life| (life.key.algorithm, life.status(now))).collect();
    assert_eq!(
        told,
        [
            (TokenAlgorithm::Rs256, KeyStatus::Next),
            (TokenAlgorithm::EdDsa, KeyStatus::Current)
        ]
    );
}

#[tokio::test]
async fn revoking_the_key_that_signs_brings_the_next_one_forward() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();
    house.service.rotate(&operator()).await.unwrap();

    house.service.revoke(&operator(), "k1").await.unwrap();
    house.service.revoke(&operator(), "k1").await.unwrap();

    assert_eq!(
        statuses(&house).await,
        named(&[("k2", KeyStatus::Current), ("k1", KeyStatus::Revoked)])
    );
    assert_eq!(
        house.shelf.actions()[2..],
        ["signing_key.revoked", "signing_key.advanced"]
    );
}

#[tokio::test]
async fn revoking_the_only_key_makes_another_that_signs_at_once() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();

    house.service.revoke(&operator(), "k1").await.unwrap();

    assert_eq!(
        statuses(&house).await,
        named(&[("k2", KeyStatus::Current), ("k1", KeyStatus::Revoked)])
    );
}

#[tokio::test]
async fn revoking_a_key_that_waits_leaves_the_one_that_signs() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();
    house.service.rotate(&operator()).await.unwrap();

    house.service.revoke(&operator(), "k2").await.unwrap();
    house.clock.advance(PUBLISHED_AHEAD + KEPT_AFTER);

    assert_eq!(
        statuses(&house).await,
        named(&[("k2", KeyStatus::Revoked), ("k1", KeyStatus::Current)])
    );
}

#[tokio::test]
async fn support_looks_and_nobody_else_acts() {
    let house = house(SigningRules::default());
    house.service.maintain(&operator()).await.unwrap();
    let support = SystemScope::for_test(&[PLATFORM_READ]);

    assert!(house.service.list(&support).await.is_ok());
    for refused in [
        house.service.rotate(&support).await.map(|_| ()),
        house.service.revoke(&support, "k1").await,
        house.service.maintain(&support).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
    }
    let unknown = house.service.revoke(&operator(), "k9").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(house.shelf.actions(), ["signing_key.created"]);
}
