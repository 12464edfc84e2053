//! Slices over the engine and a ledger in memory.

use std::sync::atomic::Ordering;

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::Duration;
use tenantry_quotas::engine::LedgerStore;
use tenantry_quotas::meter::{MeterKind, MeterSource};
use tenantry_quotas::testing::{entitlements, meter};

use super::*;
use crate::group_commit::{EngineOptions, GroupCommitCounter};
use crate::testing::{MemoryLedger, NOW, ids};

fn calls() -> Meter {
    Meter {
        source: MeterSource::Requests,
        ..meter("api_calls", MeterKind::Counter)
    }
}

fn limited(limit: Option<i64>) -> Arc<Entitlements> {
    Arc::new(entitlements(&[(&calls(), limit)]))
}

fn node(ledger: &Arc<MemoryLedger>) -> Arc<LeasedRequests> {
    node_with(ledger, ids())
}

fn node_with(ledger: &Arc<MemoryLedger>, ids: Arc<SequentialIds>) -> Arc<LeasedRequests> {
    let store = Arc::clone(ledger) as Arc<dyn LedgerStore>;
    let engine = GroupCommitCounter::start(store, Arc::clone(&ids) as Arc<dyn IdSource>, EngineOptions::default());
    Arc::new(LeasedRequests::new(Arc::new(engine), ids))
}

fn scope() -> TenantScope {
    TenantScope::for_test(1, &[])
}

fn account(granted: &Entitlements) -> AccountKey {
    Limit::all_of(&calls(), granted, true, NOW).remove(0).account
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_uses_all_of_the_limit_and_no_more_with_few_commits() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    let granted = limited(Some(10_000));

    let callers: Vec<_> = (0..32)
        .map(|_| {
            let (node, granted) = (Arc::clone(&node), Arc::clone(&granted));
            tokio::spawn(async move {
                let mut admitted = 0;
                for _ in 0..400 {
                    let answer = node.count(&scope(), &calls(), true, NOW, Arc::clone(&granted)).await;
                    admitted += u32::from(answer.is_ok());
                }
                admitted
            })
        })
        .collect();
    let mut admitted = 0;
    for caller in callers {
        admitted += caller.await.unwrap();
    }

    assert_eq!(admitted, 10_000);
    assert_eq!(ledger.durable().await.accounts.values().sum::<i64>(), 10_000);
    let batches = ledger.batches.load(Ordering::SeqCst);
    assert!(batches < 500, "{batches}");
}

#[tokio::test]
async fn two_nodes_together_never_pass_the_limit() {
    let ledger = MemoryLedger::open();
    let ids = ids();
    let (here, there) = (node_with(&ledger, Arc::clone(&ids)), node_with(&ledger, ids));
    let granted = limited(Some(1_000));
    let mut admitted = 0;

    for _ in 0..1_000 {
        for node in [&here, &there] {
            let answer = node.count(&scope(), &calls(), true, NOW, Arc::clone(&granted)).await;
            admitted += i64::from(answer.is_ok());
        }
    }

    assert_eq!(admitted, 1_000);
}

#[tokio::test]
async fn what_is_used_is_told_and_not_what_was_fetched() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    let granted = limited(Some(10_000));

    for call in 1..=20 {
        let counted = node
            .count(&scope(), &calls(), true, NOW, Arc::clone(&granted))
            .await
            .unwrap();

        assert_eq!((counted.used, counted.remaining()), (call, Some(10_000 - call)));
    }

    let posted = ledger.durable().await.accounts.values().sum::<i64>();
    let unused = node.unused(scope().tenant_id(), &account(&granted));
    assert!(unused > 0);
    assert_eq!(posted - unused, 20);
}

#[tokio::test]
async fn a_slice_is_durable_before_a_call_is_taken_from_it() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    ledger.broken.store(true, Ordering::SeqCst);

    let refused = node.count(&scope(), &calls(), true, NOW, limited(Some(10))).await;

    assert!(matches!(refused, Err(ConsumeError::Store(_))));
}

#[tokio::test]
async fn at_the_limit_nobody_is_asked_again_until_the_limit_is_raised() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    for _ in 0..3 {
        node.count(&scope(), &calls(), true, NOW, limited(Some(3)))
            .await
            .unwrap();
    }
    let before = ledger.batches.load(Ordering::SeqCst);

    let refused = node.count(&scope(), &calls(), true, NOW, limited(Some(3))).await;
    let asked = ledger.batches.load(Ordering::SeqCst) - before;
    let raised = node.count(&scope(), &calls(), true, NOW, limited(Some(4))).await;

    assert!(
        matches!(refused, Err(ConsumeError::Exceeded { limit: 3, used: 3, .. })),
        "{refused:?}"
    );
    assert_eq!(asked, 0);
    assert_eq!(raised.unwrap().used, 4);
}

#[tokio::test]
async fn a_new_month_starts_with_nothing_used() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    let granted = limited(Some(3));
    for _ in 0..3 {
        node.count(&scope(), &calls(), true, NOW, Arc::clone(&granted))
            .await
            .unwrap();
    }

    let next_month = NOW + Duration::days(30);
    let counted = node
        .count(&scope(), &calls(), true, next_month, Arc::clone(&granted))
        .await
        .unwrap();
    let straggler = node.count(&scope(), &calls(), true, NOW, granted).await.unwrap();

    assert_eq!((counted.used, straggler.used), (1, 2));
}

#[tokio::test]
async fn test_keys_have_slices_of_their_own() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);
    let granted = limited(Some(1));

    let real = node.count(&scope(), &calls(), true, NOW, Arc::clone(&granted)).await;
    let test = node.count(&scope(), &calls(), false, NOW, granted).await;

    assert!(real.is_ok() && test.is_ok());
}

#[tokio::test]
async fn without_a_limit_large_slices_are_fetched() {
    let ledger = MemoryLedger::open();
    let node = node(&ledger);

    for _ in 0..MAX_SLICE {
        node.count(&scope(), &calls(), true, NOW, limited(None)).await.unwrap();
    }

    assert_eq!(ledger.batches.load(Ordering::SeqCst), 1);
}
