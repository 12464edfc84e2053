//! When a cached value is answered, and above all when it is not.

use std::sync::atomic::{AtomicU32, Ordering};

use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_kernel::TenantId;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::*;
use crate::revocations::TRUSTED_FOR;

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn commit(number: u128) -> Committed {
    Committed {
        tenant: Some(tenant(number)),
        user: None,
    }
}

/// A cache over one fact of tenant 1, and a count of how often it was loaded.
struct Fixture {
    revocations: Arc<Revocations>,
    facts: Facts<&'static str, u32>,
    loads: AtomicU32,
}

impl Fixture {
    fn heard() -> Self {
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        Self {
            facts: Facts::new(100, Arc::clone(&revocations)),
            revocations,
            loads: AtomicU32::new(0),
        }
    }

    async fn ask(&self, stored: Option<u32>) -> Option<u32> {
        let load = || async {
            self.loads.fetch_add(1, Ordering::SeqCst);
            Ok(stored)
        };
        self.facts
            .get_or_load("fact", Owner::Tenant(tenant(1)), load)
            .await
            .unwrap()
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fact_is_loaded_once() {
    let cache = Fixture::heard();

    assert_eq!(cache.ask(Some(1)).await, Some(1));
    assert_eq!(cache.ask(Some(2)).await, Some(1));
    assert_eq!(cache.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn absence_is_asked_for_every_time() {
    let cache = Fixture::heard();

    assert_eq!(cache.ask(None).await, None);
    assert_eq!(cache.ask(Some(2)).await, Some(2));
    assert_eq!(cache.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_the_owner_voids_the_fact_and_anothers_does_not() {
    let cache = Fixture::heard();
    cache.ask(Some(1)).await;

    cache.revocations.committed(commit(2));
    assert_eq!(cache.ask(Some(2)).await, Some(1));
    cache.revocations.committed(commit(1));
    assert_eq!(cache.ask(Some(3)).await, Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_silent_feed_sends_every_question_to_the_database() {
    let cache = Fixture::heard();
    cache.ask(Some(1)).await;
    tokio::time::advance(TRUSTED_FOR + std::time::Duration::from_millis(1)).await;

    assert_eq!(cache.ask(Some(2)).await, Some(2));
    assert_eq!(cache.ask(Some(3)).await, Some(3));
}

#[tokio::test(start_paused = true)]
async fn what_was_cached_before_a_silence_is_good_again_when_nothing_was_committed_in_it() {
    let cache = Fixture::heard();
    cache.ask(Some(1)).await;
    tokio::time::advance(TRUSTED_FOR * 2).await;
    cache.ask(Some(2)).await;

    cache.revocations.heard(Instant::now());

    assert_eq!(cache.ask(Some(3)).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_value_read_before_a_commit_is_not_kept_after_it() {
    let cache = Fixture::heard();
    let (answer, slow) = oneshot::channel();
    let load = || async { Ok(Some(slow.await.unwrap())) };

    let asking = cache.facts.get_or_load("fact", Owner::Tenant(tenant(1)), load);
    let racing = async {
        // The load is on its way when the commit lands; it answers what was there before.
        tokio::task::yield_now().await;
        cache.revocations.committed(commit(1));
        answer.send(1).unwrap();
    };
    let (asked, ()) = tokio::join!(asking, racing);

    assert_eq!(asked.unwrap(), Some(1));
    assert_eq!(cache.ask(Some(2)).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_value_whose_owner_it_tells_itself_is_not_kept_after_a_commit_either() {
    let cache = Fixture::heard();
    let (answer, slow) = oneshot::channel();
    let owner_of = |_: &u32| Owner::Tenant(tenant(1));
    let load = || async { Ok(Some(slow.await.unwrap())) };

    let asking = cache.facts.get_or_load_by("fact", owner_of, load);
    let racing = async {
        tokio::task::yield_now().await;
        cache.revocations.committed(commit(1));
        answer.send(1).unwrap();
    };
    let (asked, ()) = tokio::join!(asking, racing);
    let again = cache
        .facts
        .get_or_load_by("fact", owner_of, || async { Ok(Some(2)) })
        .await
        .unwrap();
    let kept = cache
        .facts
        .get_or_load_by("fact", owner_of, || async { Ok(Some(3)) })
        .await
        .unwrap();
    cache.revocations.committed(commit(1));
    let after = cache
        .facts
        .get_or_load_by("fact", owner_of, || async { Ok(Some(4)) })
        .await
        .unwrap();

    assert_eq!(
        (asked.unwrap(), again, kept, after),
        (Some(1), Some(2), Some(2), Some(4))
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_load_is_told_and_nothing_is_kept() {
    let cache = Fixture::heard();
    let owner = Owner::Tenant(tenant(1));

    let failed = cache
        .facts
        .get_or_load("fact", owner, || async { Err(StoreError::Contended) })
        .await;

    assert!(matches!(failed, Err(StoreError::Contended)));
    assert_eq!(cache.ask(Some(1)).await, Some(1));
}

/// Writers commit values in order while readers ask: once a commit is told, no reader may see less.
#[test]
fn under_real_threads_nobody_reads_behind_a_notice() {
    use std::sync::atomic::AtomicBool;

    let revocations = Arc::new(Revocations::new());
    revocations.heard(Instant::now() + std::time::Duration::from_hours(1));
    let facts = Arc::new(Facts::<u8, u32>::new(16, Arc::clone(&revocations)));
    let database = Arc::new(AtomicU32::new(0));
    let told = Arc::new(AtomicU32::new(0));
    let over = Arc::new(AtomicBool::new(false));

    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (facts, database) = (Arc::clone(&facts), Arc::clone(&database));
            let (told, over) = (Arc::clone(&told), Arc::clone(&over));
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                while !over.load(Ordering::SeqCst) {
                    let at_least = told.load(Ordering::SeqCst);
                    let load = || async { Ok(Some(database.load(Ordering::SeqCst))) };
                    let seen = runtime.block_on(facts.get_or_load(1, Owner::Tenant(tenant(1)), load));
                    assert!(seen.unwrap().unwrap() >= at_least);
                }
            })
        })
        .collect();
    for value in 1..=20_000 {
        database.store(value, Ordering::SeqCst);
        revocations.committed(commit(1));
        told.store(value, Ordering::SeqCst);
    }
    over.store(true, Ordering::SeqCst);

    for reader in readers {
        reader.join().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_who_miss_a_fact_at_once_one_asks() {
    let cache = Fixture::heard();
    let (answer, answered) = oneshot::channel();
    let slow = || async {
        cache.loads.fetch_add(1, Ordering::SeqCst);
        Ok(answered.await.ok())
    };
    let first = cache.facts.get_or_load("fact", Owner::Tenant(tenant(1)), slow);
    let others = async {
        tokio::join!(cache.ask(Some(2)), cache.ask(Some(3)), async {
            answer.send(1).unwrap();
        })
    };

    let (first, (second, third, ())) = tokio::join!(first, others);

    assert_eq!((first.unwrap(), second, third), (Some(1), Some(1), Some(1)));
    assert_eq!(cache.loads(), 1);
    assert_eq!(cache.facts.loading.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_nothing_asks_themselves() {
    let cache = Fixture::heard();
    let (nothing, told) = oneshot::channel::<u32>();
    let absent = || async { Ok(told.await.ok()) };
    let first = cache.facts.get_or_load("fact", Owner::Tenant(tenant(1)), absent);
    let second = async {
        let asked = cache.ask(Some(2));
        drop(nothing);
        asked.await
    };

    let (first, second) = tokio::join!(first, second);

    assert_eq!((first.unwrap(), second), (None, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_they_ask_keeps_nobody_waiting() {
    let cache = Fixture::heard();
    let never = || std::future::pending::<Result<Option<u32>, StoreError>>();
    let gone = cache.facts.get_or_load("fact", Owner::Tenant(tenant(1)), never);
    assert!(tokio::time::timeout(TRUSTED_FOR / 2, gone).await.is_err());

    assert_eq!(cache.ask(Some(1)).await, Some(1));
    assert_eq!(cache.facts.loading.len(), 0);
}
