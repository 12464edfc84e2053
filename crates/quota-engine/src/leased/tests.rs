//! Slices over the engine and a ledger in memory.

use std::sync::atomic::AtomicU64;

use tenantry_kernel::Principal;
use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_quotas::engine::LedgerStore;
use tenantry_quotas::entitlement::{Allowance, Entitlements};
use tenantry_quotas::ledger::EntryKind;
use tenantry_quotas::testing::entitlements;

use super::*;
use crate::group_commit::{EngineOptions, GroupCommitCounter};
use crate::testing::{Granting, MemoryLedger, NOW, calls, ids, meters, reach, tenant};

/// A node whose time stands still until the test moves it.
struct Bench {
    leased: Arc<LeasedRequests>,
    clock_ms: Arc<AtomicU64>,
    granted: Arc<Entitlements>,
}

fn limited(limit: Option<i64>) -> Arc<Entitlements> {
    Arc::new(entitlements(&[(&calls(), limit)]))
}

fn node(ledger: &Arc<MemoryLedger>, limit: Option<i64>) -> Bench {
    node_with(ledger, ids(), limited(limit))
}

fn node_with(ledger: &Arc<MemoryLedger>, ids: Arc<SequentialIds>, granted: Arc<Entitlements>) -> Bench {
    let store = Arc::clone(ledger) as Arc<dyn LedgerStore>;
    let options = EngineOptions::default();
    let engine = GroupCommitCounter::start(store, Arc::clone(&ids) as Arc<dyn IdSource>, meters(), options);
    let clock_ms = Arc::new(AtomicU64::new(1_000_000));
    let ticks = Arc::clone(&clock_ms);
    let leased = LeasedRequests::with_ticks(
        Arc::new(engine),
        Arc::new(Granting(Arc::clone(&granted))),
        ids,
        Arc::new(move || ticks.load(Ordering::SeqCst)),
    );
    Bench {
        leased: Arc::new(leased),
        clock_ms,
        granted,
    }
}

impl Bench {
    fn ask(&self, amount: i64) -> Leased {
        ask(amount, &self.granted)
    }

    async fn count(&self, amount: i64) -> Result<Line, ConsumeError> {
        self.leased.count(&tenant(1), self.ask(amount)).await
    }

    fn unused(&self) -> i64 {
        self.leased.unused(&account(&self.granted))
    }

    fn wait(&self, seconds: u64) {
        self.clock_ms.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

fn ask(amount: i64, granted: &Arc<Entitlements>) -> Leased {
    Leased {
        meter: calls(),
        amount,
        user: User::default(),
        live: true,
        reach: reach(1, granted),
        at: NOW,
    }
}

fn account(granted: &Arc<Entitlements>) -> TenantAccount {
    Limit::leading(&reach(1, granted), &calls(), true, NOW).account
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_uses_all_of_the_limit_and_no_more_with_few_commits() {
    let ledger = MemoryLedger::open();
    let bench = Arc::new(node(&ledger, Some(10_000)));

    let callers: Vec<_> = (0..32)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                let mut admitted = 0;
                for _ in 0..400 {
                    admitted += i64::from(bench.count(1).await.is_ok());
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
    let durable = ledger.durable().await;
    durable.check();
    assert_eq!(durable.posted(), 10_000);
    let batches = ledger.batches.load(Ordering::SeqCst);
    assert!(batches < 600, "{batches}");
}

#[tokio::test]
async fn two_nodes_together_never_pass_the_limit() {
    let ledger = MemoryLedger::open();
    let (ids, granted) = (ids(), limited(Some(1_000)));
    let nodes = [0, 1].map(|_| node_with(&ledger, Arc::clone(&ids), Arc::clone(&granted)));
    let mut admitted = 0;

    for _ in 0..1_000 {
        for node in &nodes {
            admitted += i64::from(node.count(1).await.is_ok());
        }
    }

    assert_eq!(admitted, 1_000);
}

#[tokio::test]
async fn what_is_used_is_told_and_not_what_was_fetched() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, Some(10_000));

    for call in 1..=20 {
        let counted = bench.count(3).await.unwrap();

        assert_eq!((counted.used, counted.remaining()), (3 * call, Some(10_000 - 3 * call)));
        assert_eq!(counted.standings.len(), 1);
    }

    assert!(bench.unused() > 0);
    assert_eq!(ledger.durable().await.posted() - bench.unused(), 60);
}

#[tokio::test]
async fn a_slice_is_durable_before_anything_is_taken_from_it() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, Some(10));
    ledger.broken.store(true, Ordering::SeqCst);

    let refused = bench.count(1).await;

    assert!(matches!(refused, Err(ConsumeError::Store(_))));
}

#[tokio::test]
async fn a_slice_whose_caller_went_away_is_kept_for_the_next_one() {
    let ledger = MemoryLedger::held_back();
    let bench = Arc::new(node(&ledger, None));
    let gone = {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.count(5).await })
    };
    while ledger.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());

    ledger.gate.add_permits(1);
    let served = bench.count(5).await.unwrap();

    assert_eq!((served.used, ledger.durable().await.posted()), (5, 5));
}

#[tokio::test]
async fn at_the_limit_nobody_is_asked_again_for_a_while_unless_the_limit_is_raised() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, Some(3));
    for _ in 0..3 {
        bench.count(1).await.unwrap();
    }
    bench.count(1).await.unwrap_err();
    let before = ledger.batches.load(Ordering::SeqCst);

    let refused = bench.count(1).await;
    let believed = ledger.batches.load(Ordering::SeqCst) - before;
    bench.wait(1);
    bench.count(1).await.unwrap_err();
    let asked = ledger.batches.load(Ordering::SeqCst) - before;
    let raised = bench.leased.count(&tenant(1), ask(1, &limited(Some(4)))).await;

    let Err(ConsumeError::Exceeded(told)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((told.binding.total(), told.binding.held.posted), (Some(3), 3));
    assert_eq!((believed, asked), (0, 1));
    assert_eq!(raised.unwrap().used, 4);
}

#[tokio::test]
async fn a_new_month_starts_with_nothing_used_and_what_the_old_one_held_is_given_back() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);
    for _ in 0..10 {
        bench.count(1).await.unwrap();
    }
    let next_month = Leased {
        at: NOW + Duration::days(30),
        ..bench.ask(1)
    };

    let counted = bench.leased.count(&tenant(1), next_month).await.unwrap();
    bench.leased.sweep().await;

    assert_eq!(counted.used, 1);
    let durable = ledger.durable().await;
    durable.check();
    assert_eq!(durable.held(&account(&bench.granted)).posted, 10);
    let last = &durable.entries.last().unwrap().1;
    assert_eq!((last.kind, last.at), (EntryKind::LeaseReturn, NOW));
}

#[tokio::test]
async fn whoever_comes_just_after_the_turn_of_a_period_counts_in_the_new_one() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);
    let july = tenantry_kernel::time::macros::datetime!(2025-07-01 0:00 UTC);
    let at = |at| Leased { at, ..bench.ask(1) };

    bench.leased.count(&tenant(1), at(july)).await.unwrap();
    let straggler = bench
        .leased
        .count(&tenant(1), at(july - Duration::SECOND))
        .await
        .unwrap();

    assert_eq!(straggler.used, 2);
}

#[tokio::test]
async fn test_keys_have_slices_of_their_own() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, Some(1));

    let real = bench.count(1).await;
    let test = Leased {
        live: false,
        ..bench.ask(1)
    };

    assert!(real.is_ok() && bench.leased.count(&tenant(1), test).await.is_ok());
}

#[tokio::test]
async fn slices_grow_with_the_rate_of_use_and_shrink_without() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);

    for _ in 0..1_000 {
        bench.count(1).await.unwrap();
    }
    let (busy, held) = (ledger.batches.load(Ordering::SeqCst), bench.unused());
    for _ in 0..1_000 {
        bench.wait(1);
        bench.count(1).await.unwrap();
    }

    assert!(busy <= 8, "{busy}");
    assert!(held > 0 && bench.unused() < 64, "{held}, then {}", bench.unused());
}

#[tokio::test]
async fn what_was_not_used_for_a_minute_is_given_back_once() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);
    for _ in 0..10 {
        bench.count(1).await.unwrap();
    }

    bench.leased.sweep().await;
    let at_once = ledger.durable().await.posted();
    bench.wait(60);
    bench.leased.sweep().await;
    bench.leased.sweep().await;

    assert!(at_once > 10);
    assert_eq!((ledger.durable().await.posted(), bench.unused()), (10, 0));
    assert_eq!(bench.leased.node.slots.len(), 0);
    assert_eq!(bench.count(1).await.unwrap().used, 11);
    ledger.durable().await.check();
}

#[tokio::test]
async fn giving_back_that_failed_is_tried_again_and_lands_once() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);
    for _ in 0..10 {
        bench.count(1).await.unwrap();
    }
    bench.wait(60);
    ledger.broken.store(true, Ordering::SeqCst);
    bench.leased.sweep().await;
    let (held, posted) = (bench.unused(), ledger.durable().await.posted());
    ledger.broken.store(false, Ordering::SeqCst);

    bench.leased.give_back().await;
    bench.leased.give_back().await;

    assert_eq!(posted - held, 10, "until it is given back it is told as not used");
    assert_eq!((ledger.durable().await.posted(), bench.unused()), (10, 0));
    assert!(matches!(bench.count(1).await, Err(ConsumeError::Busy { .. })));
}

#[tokio::test]
async fn large_amounts_are_counted_one_by_one() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, Some(1_000));

    let first = bench.count(MAX_SLICE + 1).await.unwrap();
    let refused = bench.count(900).await;

    assert_eq!((first.used, bench.unused()), (MAX_SLICE + 1, 0));
    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
    assert_eq!(ledger.durable().await.entries[0].1.kind, EntryKind::Usage);
}

#[tokio::test]
async fn users_with_limits_of_their_own_and_keys_have_slots_of_their_own() {
    let ledger = MemoryLedger::open();
    let mut granted = entitlements(&[(&calls(), Some(1_000))]);
    granted.allowances.push(Allowance {
        limit: Some(3),
        share: Share::User,
        ..Allowance::unlimited(&calls())
    });
    let bench = node_with(&ledger, ids(), Arc::new(granted));
    let of = |name: &str| Leased {
        user: User {
            name: Some(name.into()),
            key: None,
        },
        ..bench.ask(1)
    };
    let key = ApiKeyId::from_uuid(Uuid::from_u128(7));
    let by_key = TenantScope::for_test_as(1, Principal::ApiKey { key, live: true }, &[]);

    let mut admitted = 0;
    for name in ["ada", "bob"] {
        for _ in 0..5 {
            admitted += i32::from(bench.leased.count(&tenant(1), of(name)).await.is_ok());
        }
    }
    let with_key = Leased {
        user: User {
            name: None,
            key: Some(key),
        },
        ..bench.ask(1)
    };
    bench.leased.count(&by_key, with_key).await.unwrap();

    assert_eq!(admitted, 6);
    let durable = ledger.durable().await;
    durable.check();
    let keys: Vec<_> = durable
        .rollups
        .keys()
        .map(|line| (line.user.as_str(), line.key.is_empty()))
        .collect();
    assert_eq!(keys, [("", false), ("ada", true), ("bob", true)]);
}

#[tokio::test]
async fn in_a_pool_the_pools_limit_binds_slices_too() {
    let ledger = MemoryLedger::open();
    let bench = node(&ledger, None);
    let pool = limited(Some(5));
    let mut admitted = 0;
    for _ in 0..9 {
        let mut leased = bench.ask(1);
        leased.reach.pool = Some((crate::testing::tenant_id(9), Arc::clone(&pool)));
        admitted += i32::from(bench.leased.count(&tenant(1), leased).await.is_ok());
    }

    bench.leased.give_back().await;

    assert_eq!(admitted, 5);
    let durable = ledger.durable().await;
    durable.check();
    assert_eq!(durable.posted(), 10);
}
