//! The engine over a ledger in memory.

mod crowd;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use tenantry_kernel::{DomainError, ErrorKind};
use tenantry_quotas::counter::Line;
use tenantry_quotas::entitlement::Entitlements;

use super::*;
use crate::testing::{MemoryLedger, POISON, engine, limited, request, request_of, tenant};

type Answer = tokio::task::JoinHandle<Result<Outcome, ConsumeError>>;

fn line(answer: Outcome) -> Line {
    answer.lines.into_iter().next().unwrap()
}

fn ask(engine: &Arc<GroupCommitCounter>, name: &str, granted: &Arc<Entitlements>) -> Answer {
    let (engine, request) = (Arc::clone(engine), request(name, 1, granted));
    tokio::spawn(async move { engine.submit(&tenant(1), request).await })
}

/// An operation that keeps the writer busy until the ledger lets batches begin.
async fn blocker(engine: &Arc<GroupCommitCounter>, ledger: &MemoryLedger, granted: &Arc<Entitlements>) -> Answer {
    let answer = ask(engine, "blocker", granted);
    while ledger.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    answer
}

async fn until_queued(engine: &GroupCommitCounter, operations: usize) {
    while engine.queue.len() < operations {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_on_a_limit_of_a_thousand_admit_exactly_a_thousand() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(1_000);

    let callers = (0..64).map(|caller| {
        let (engine, granted) = (Arc::clone(&engine), Arc::clone(&granted));
        tokio::spawn(async move {
            let mut admitted = 0;
            for call in 0..20 {
                let request = request(&format!("{caller}-{call}"), 1, &granted);
                admitted += u32::from(engine.submit(&tenant(1), request).await.is_ok());
            }
            admitted
        })
    });
    let mut admitted = 0;
    for caller in callers.collect::<Vec<_>>() {
        admitted += caller.await.unwrap();
    }

    assert_eq!(admitted, 1_000);
    assert_eq!(ledger.durable().await.posted(), 1_000);
    assert_eq!(ledger.durable().await.entries.len(), 1_000);
}

#[tokio::test]
async fn those_who_wait_share_one_transaction() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(1_000);
    let first = blocker(&engine, &ledger, &granted).await;
    let callers: Vec<_> = (0..100)
        .map(|caller| ask(&engine, &format!("{caller}"), &granted))
        .collect();
    until_queued(&engine, 100).await;

    ledger.gate.add_permits(1_000);
    first.await.unwrap().unwrap();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }

    assert_eq!(ledger.batches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_same_operation_gets_its_first_answer_again() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);

    let first = engine
        .submit(&tenant(1), request("order-1", 3, &granted))
        .await
        .unwrap();
    engine
        .submit(&tenant(1), request("order-2", 3, &granted))
        .await
        .unwrap();
    let again = engine
        .submit(&tenant(1), request("order-1", 3, &granted))
        .await
        .unwrap();

    assert!(!first.replayed && again.replayed);
    let (first, again) = (line(first), line(again));
    assert_eq!((first.used, again.used, again.limit), (3, 3, Some(10)));
    assert_eq!(ledger.durable().await.posted(), 6);
}

#[tokio::test]
async fn the_same_operation_twice_in_one_batch_counts_once() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);
    let (first, second, third) = (
        request("order-1", 3, &granted),
        request("order-1", 3, &granted),
        request("order-1", 3, &granted),
    );

    ledger.gate.add_permits(10);
    let scope = tenant(1);
    let (first, second, third) = tokio::join!(
        engine.submit(&scope, first),
        engine.submit(&scope, second),
        engine.submit(&scope, third)
    );

    let answers = [first.unwrap(), second.unwrap(), third.unwrap()];
    assert_eq!(answers.iter().filter(|answer| answer.replayed).count(), 2);
    assert!(answers.into_iter().all(|answer| line(answer).used == 3));
    assert_eq!(ledger.durable().await.posted(), 3);
}

#[tokio::test]
async fn an_operation_that_cannot_be_stored_fails_alone() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);
    let first = blocker(&engine, &ledger, &granted).await;
    let poisoned = ask(&engine, POISON, &granted);
    let others: Vec<_> = (0..3)
        .map(|other| ask(&engine, &format!("{other}"), &granted))
        .collect();
    until_queued(&engine, 4).await;

    ledger.gate.add_permits(1_000);

    first.await.unwrap().unwrap();
    let failed = poisoned.await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Internal);
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(ledger.durable().await.posted(), 4);
}

#[tokio::test]
async fn a_name_that_was_used_for_something_else_is_refused() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);
    engine
        .submit(&tenant(1), request("order-1", 3, &granted))
        .await
        .unwrap();
    let other = Order {
        digest: [2; 32],
        ..request("order-1", 4, &granted)
    };

    let refused = engine.submit(&tenant(1), other).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Invalid, "idempotency_key_reused")
    );
}

#[tokio::test]
async fn two_tenants_may_use_the_same_name() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);

    let ours = engine
        .submit(&tenant(1), request("order-1", 3, &granted))
        .await
        .unwrap();
    let theirs = engine
        .submit(&tenant(2), request_of(2, "order-1", 4, &granted))
        .await
        .unwrap();

    assert!(!theirs.replayed);
    assert_eq!((line(ours).used, line(theirs).used), (3, 4));
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());

    let refused = engine.submit(&tenant(1), request("order-1", 11, &limited(10))).await;
    let later = engine
        .submit(&tenant(1), request("order-1", 11, &limited(20)))
        .await
        .unwrap();

    let Err(ConsumeError::Exceeded(told)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (told.binding.total(), told.binding.held.posted, told.amount),
        (Some(10), 0, 11)
    );
    assert!(!later.replayed);
    assert_eq!(line(later).used, 11);
}

#[tokio::test]
async fn test_keys_count_apart_and_raise_no_alerts() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);
    let sandboxed = Order {
        live: false,
        ..request("order-1", 10, &granted)
    };

    let test = engine.submit(&tenant(1), sandboxed).await.unwrap();
    let real = engine
        .submit(&tenant(1), request("order-2", 4, &granted))
        .await
        .unwrap();

    assert_eq!((line(test).used, line(real).used), (10, 4));
    assert_eq!(ledger.durable().await.alerts, BTreeMap::new());
}

#[tokio::test]
async fn thresholds_are_told_when_they_are_reached() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(100);

    for (name, amount) in [("a", 79), ("b", 1), ("c", 14), ("d", 6)] {
        engine
            .submit(&tenant(1), request(name, amount, &granted))
            .await
            .unwrap();
    }

    let durable = ledger.durable().await;
    let told: Vec<_> = durable
        .alerts
        .iter()
        .map(|((_, percent), used)| (*percent, *used))
        .collect();
    assert_eq!(told, [(80, 80), (95, 100), (100, 100)]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let ledger = MemoryLedger::held_back();
    let options = EngineOptions {
        queue_len: 2,
        batch_len: 1,
        ..EngineOptions::default()
    };
    let engine = engine(&ledger, options);
    let granted = limited(10);
    let first = blocker(&engine, &ledger, &granted).await;
    let callers: Vec<_> = (0..10)
        .map(|caller| ask(&engine, &format!("{caller}"), &granted))
        .collect();
    while callers.iter().filter(|caller| caller.is_finished()).count() < 8 {
        tokio::task::yield_now().await;
    }

    ledger.gate.add_permits(1_000);
    first.await.unwrap().unwrap();
    let mut busy = 0;
    for caller in callers {
        busy += u32::from(matches!(
            caller.await.unwrap(),
            Err(ConsumeError::Busy { retry_after_s: 1 })
        ));
    }

    assert_eq!(busy, 8);
}

#[tokio::test]
async fn a_lost_race_is_tried_again_and_counts_once() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    ledger.contend(1);

    let counted = engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap();

    assert!(!counted.replayed);
    assert_eq!(line(counted).used, 3);
    assert_eq!(ledger.batches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failed_commit_answers_everyone_with_an_error_and_counts_nothing() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    ledger.fail_commit(StoreError::Unavailable("the disk is full".into()));

    let refused = engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap_err();
    let later = engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap();

    assert_eq!(
        (refused.kind(), refused.retry_after_s()),
        (ErrorKind::Unavailable, Some(1))
    );
    assert!(!later.replayed);
    assert_eq!(line(later).used, 3);
}

#[tokio::test]
async fn a_batch_that_panics_takes_only_its_own_callers_with_it() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    ledger.panics.store(1, Ordering::SeqCst);

    let lost = engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap_err();
    let later = engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap();

    assert_eq!(lost.kind(), ErrorKind::Unavailable);
    assert!(!later.replayed);
    assert_eq!(line(later).used, 3);
}

#[tokio::test]
async fn shutting_down_counts_what_waits_and_refuses_what_comes_later() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(100);
    let first = blocker(&engine, &ledger, &granted).await;
    let callers: Vec<_> = (0..50)
        .map(|caller| ask(&engine, &format!("{caller}"), &granted))
        .collect();
    until_queued(&engine, 50).await;

    ledger.gate.add_permits(1_000);
    engine.shut_down().await;
    let late = engine.submit(&tenant(1), request("late", 1, &granted)).await;

    assert!(first.await.unwrap().is_ok());
    for caller in callers {
        assert!(caller.await.unwrap().is_ok());
    }
    assert!(matches!(late, Err(ConsumeError::Busy { .. })));
    assert_eq!(ledger.durable().await.posted(), 51);
}

#[tokio::test]
async fn a_caller_that_went_away_before_the_decision_is_not_counted() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(100);
    let first = blocker(&engine, &ledger, &granted).await;
    let gone = ask(&engine, "gone", &granted);
    let stays = ask(&engine, "stays", &granted);
    until_queued(&engine, 2).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());

    ledger.gate.add_permits(1_000);
    first.await.unwrap().unwrap();
    stays.await.unwrap().unwrap();

    let durable = ledger.durable().await;
    assert_eq!(durable.operations(), ["blocker", "stays"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_on_one_ledger_are_exact() {
    let ledger = MemoryLedger::open();
    let engines = [
        engine(&ledger, EngineOptions::default()),
        engine(&ledger, EngineOptions::default()),
    ];
    let granted = limited(300);

    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let (engine, granted) = (Arc::clone(&engines[caller % 2]), Arc::clone(&granted));
            tokio::spawn(async move {
                let mut admitted = 0;
                for call in 0..40 {
                    let name = format!("{}-{call}", caller / 2);
                    let answer = engine.submit(&tenant(1), request(&name, 1, &granted)).await;
                    admitted += u32::from(answer.is_ok_and(|consumed| !consumed.replayed));
                }
                admitted
            })
        })
        .collect();
    let mut admitted = 0;
    for caller in callers {
        admitted += caller.await.unwrap();
    }

    assert_eq!(admitted, 300);
    assert_eq!(ledger.durable().await.posted(), 300);
}

#[tokio::test]
async fn a_panic_spares_everybody_it_was_not_about() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(100);
    let first = blocker(&engine, &ledger, &granted).await;
    let others: Vec<_> = (0..8)
        .map(|other| ask(&engine, &format!("{other}"), &granted))
        .collect();
    until_queued(&engine, 8).await;

    ledger.gate.add_permits(1);
    first.await.unwrap().unwrap();
    ledger.panics.store(1, Ordering::SeqCst);
    ledger.gate.add_permits(1_000);

    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(ledger.durable().await.posted(), 9);
}
