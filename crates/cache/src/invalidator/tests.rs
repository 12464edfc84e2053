//! The feed over paused time.

use std::sync::Mutex;

use async_trait::async_trait;
use tenantry_activity::feed::{Committed, FeedPage, Notice};
use tenantry_kernel::TenantId;
use tokio::time::advance;
use uuid::Uuid;

use super::*;
use crate::revocations::{Owner, Stamp};

/// A feed that is written by the test and may fail or hang.
#[derive(Default)]
struct Script {
    notices: Vec<Notice>,
    failing: bool,
    hanging: bool,
    slow: Duration,
    asked_since: Vec<i64>,
    overlap: i64,
}

#[derive(Clone, Default)]
struct ScriptedFeed(Arc<Mutex<Script>>);

impl ScriptedFeed {
    fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.0.lock().unwrap());
    }

    fn publish(&self, id: i64, tenant: u128) {
        let what = Committed {
            tenant: Some(TenantId::from_uuid(Uuid::from_u128(tenant))),
            user: None,
        };
        self.change(|script| script.notices.push(Notice { id, what }));
    }

    async fn mood(&self) -> Result<(), StoreError> {
        let (failing, hanging, slow) = {
            let script = self.0.lock().unwrap();
            (script.failing, script.hanging, script.slow)
        };
        tokio::time::sleep(slow).await;
        if hanging {
            std::future::pending::<()>().await;
        }
        if failing { Err(StoreError::Contended) } else { Ok(()) }
    }
}

#[async_trait]
impl InvalidationFeed for ScriptedFeed {
    async fn now(&self) -> Result<FeedCursor, StoreError> {
        self.mood().await?;
        let script = self.0.lock().unwrap();
        Ok(FeedCursor(
            script.notices.iter().map(|notice| notice.id).max().unwrap_or(0),
        ))
    }

    async fn since(&self, cursor: FeedCursor) -> Result<FeedPage, StoreError> {
        self.mood().await?;
        let mut script = self.0.lock().unwrap();
        script.asked_since.push(cursor.0);
        let notices: Vec<_> = script
            .notices
            .iter()
            .filter(|notice| notice.id > cursor.0 - script.overlap)
            .copied()
            .collect();
        let next = notices.iter().map(|notice| notice.id).max().unwrap_or(cursor.0);
        Ok(FeedPage {
            notices,
            next: FeedCursor(next),
        })
    }
}

fn fixture() -> (ScriptedFeed, Arc<Revocations>, Invalidator) {
    let feed = ScriptedFeed::default();
    let revocations = Arc::new(Revocations::new());
    let invalidator = Invalidator::new(Arc::new(feed.clone()), Arc::clone(&revocations));
    (feed, revocations, invalidator)
}

fn stamp(revocations: &Revocations, tenant: u128) -> Stamp {
    revocations.stamp(Owner::Tenant(TenantId::from_uuid(Uuid::from_u128(tenant))))
}

#[tokio::test(start_paused = true)]
async fn the_first_look_only_takes_the_position() {
    let (feed, revocations, mut invalidator) = fixture();
    feed.publish(7, 1);

    invalidator.poll().await.unwrap();
    invalidator.poll().await.unwrap();

    assert!(revocations.is_fresh());
    feed.change(|script| assert_eq!(script.asked_since, [7]));
}

#[tokio::test(start_paused = true)]
async fn a_notice_moves_its_tenant_once_though_it_is_answered_again() {
    let (feed, revocations, mut invalidator) = fixture();
    feed.change(|script| script.overlap = 10);
    invalidator.poll().await.unwrap();
    let before = stamp(&revocations, 1);

    feed.publish(1, 1);
    invalidator.poll().await.unwrap();
    let moved = stamp(&revocations, 1);
    invalidator.poll().await.unwrap();
    invalidator.poll().await.unwrap();

    assert_ne!(before, moved);
    assert_eq!(stamp(&revocations, 1), moved);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_becomes_visible_late_is_told_within_the_overlap() {
    let (feed, revocations, mut invalidator) = fixture();
    feed.change(|script| script.overlap = 10);
    invalidator.poll().await.unwrap();
    feed.publish(5, 1);
    invalidator.poll().await.unwrap();
    let before = stamp(&revocations, 2);

    // Number 4 was handed out first and landed last.
    feed.publish(4, 2);
    invalidator.poll().await.unwrap();

    assert_ne!(stamp(&revocations, 2), before);
}

#[tokio::test(start_paused = true)]
async fn a_failing_feed_ends_the_trust_within_a_second_and_misses_nothing() {
    let (feed, revocations, mut invalidator) = fixture();
    invalidator.poll().await.unwrap();
    let before = stamp(&revocations, 1);

    feed.change(|script| script.failing = true);
    feed.publish(1, 1);
    advance(Duration::from_millis(1_001)).await;
    assert!(invalidator.poll().await.is_err());
    assert!(!revocations.is_fresh());
    feed.change(|script| script.failing = false);
    invalidator.poll().await.unwrap();

    assert!(revocations.is_fresh());
    assert_ne!(stamp(&revocations, 1), before);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_took_longer_than_the_trust_lasts_gives_none() {
    let (feed, revocations, mut invalidator) = fixture();
    feed.change(|script| script.slow = Duration::from_millis(1_100));

    invalidator.poll().await.unwrap();

    assert!(!revocations.is_fresh());
}

#[tokio::test(start_paused = true)]
async fn after_a_long_silence_everything_is_forgotten() {
    let (feed, revocations, mut invalidator) = fixture();
    invalidator.poll().await.unwrap();
    let everything = revocations.stamp_of_everything();
    feed.change(|script| script.failing = true);

    advance(LONGEST_GAP + Duration::from_secs(1)).await;
    assert!(invalidator.poll().await.is_err());
    feed.publish(9, 1);
    feed.change(|script| {
        script.failing = false;
        script.notices.clear();
    });
    invalidator.poll().await.unwrap();

    assert_ne!(revocations.stamp_of_everything(), everything);
    assert!(revocations.is_fresh());
}

#[tokio::test(start_paused = true)]
async fn a_hanging_feed_is_given_up() {
    let (feed, revocations, mut invalidator) = fixture();
    feed.change(|script| script.hanging = true);

    let given_up = invalidator.poll().await;

    assert!(matches!(given_up, Err(StoreError::Unavailable(_))));
    assert!(!revocations.is_fresh());
}

#[tokio::test(start_paused = true)]
async fn running_it_keeps_the_trust_and_brings_every_notice_within_a_quarter_second() {
    let (feed, revocations, invalidator) = fixture();
    let running = tokio::spawn(invalidator.run());
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(revocations.is_fresh());

    for id in 1..=8 {
        let before = stamp(&revocations, 1);
        feed.publish(id, 1);
        tokio::time::sleep(POLL_EVERY).await;
        assert_ne!(stamp(&revocations, 1), before);
        assert!(revocations.is_fresh());
    }

    feed.change(|script| script.hanging = true);
    tokio::time::sleep(Duration::from_millis(1_250)).await;
    assert!(!revocations.is_fresh());
    feed.change(|script| script.hanging = false);
    tokio::time::sleep(Duration::from_millis(1_250)).await;
    assert!(revocations.is_fresh());
    running.abort();
}
