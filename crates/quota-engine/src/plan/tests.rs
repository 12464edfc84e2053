//! What orders come to, through the engine and a ledger in memory, by cases. [`model`] tries them at random.

mod model;
mod settled;

use std::sync::Arc;

use tenantry_kernel::time::Duration;
use tenantry_kernel::{ApiKeyId, Principal, TenantScope, uuid::Uuid};
use tenantry_quotas::account::Subject;
use tenantry_quotas::counter::{Act, ConsumeError, Item, Line, Order, Outcome, UsageCounter};
use tenantry_quotas::entitlement::{Allowance, Entitlements, Share};
use tenantry_quotas::ledger::EntryKind;
use tenantry_quotas::limit::{Reach, User};
use tenantry_quotas::meter::Aggregation;
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::entitlements;

use crate::group_commit::{EngineOptions, GroupCommitCounter};
use crate::testing::{
    MemoryLedger, NOW, aggregating, engine, item, limited, messages, order, reach, request, tenant, tenant_id,
};

/// An engine and what it keeps.
struct Bench {
    ledger: Arc<MemoryLedger>,
    engine: Arc<GroupCommitCounter>,
}

impl Bench {
    fn new() -> Self {
        let ledger = MemoryLedger::open();
        Self {
            engine: engine(&ledger, EngineOptions::default()),
            ledger,
        }
    }

    async fn ask(&self, order: Order) -> Result<Outcome, ConsumeError> {
        self.ask_as(&tenant(1), order).await
    }

    async fn ask_as(&self, scope: &TenantScope, order: Order) -> Result<Outcome, ConsumeError> {
        let answer = self.engine.submit(scope, order).await;
        self.ledger.durable().await.check();
        answer
    }

    /// The one line of a granted operation.
    async fn line(&self, order: Order) -> Line {
        let mut outcome = self.ask(order).await.unwrap();
        assert_eq!(outcome.lines.len(), 1);
        outcome.lines.remove(0)
    }
}

fn each(share: Share, limit: i64) -> Allowance {
    Allowance {
        limit: Some(limit),
        share,
        ..Allowance::unlimited(&messages())
    }
}

fn user(name: &str) -> User {
    User {
        name: Some(name.into()),
        key: None,
    }
}

fn key_scope(number: u128) -> TenantScope {
    let key = ApiKeyId::from_uuid(Uuid::from_u128(number));
    TenantScope::for_test_as(1, Principal::ApiKey { key, live: true }, &[])
}

fn pooled(own: &Arc<Entitlements>, pool: &Arc<Entitlements>) -> Reach {
    Reach {
        pool: Some((tenant_id(9), Arc::clone(pool))),
        ..reach(1, own)
    }
}

#[tokio::test]
async fn all_items_count_or_none_and_the_refusal_tells_every_limit() {
    let bench = Bench::new();
    let peak = aggregating("peak", Aggregation::Max);
    let granted = Arc::new(entitlements(&[(&messages(), Some(10)), (&peak, Some(5))]));
    let both = |name: &str, level| {
        let items = vec![item(messages(), 3), item(peak.clone(), level)];
        order(name, Act::Consume(items), reach(1, &granted))
    };

    let refused = bench.ask(both("a", 6)).await.unwrap_err();
    let granted = bench.ask(both("b", 4)).await.unwrap();
    let lower = bench.ask(both("c", 2)).await.unwrap();

    let ConsumeError::Exceeded(told) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((told.item, told.amount, told.standings.len()), (1, 6, 2));
    assert_eq!(told.binding.total(), Some(5));
    let shown =
        |outcome: &Outcome| -> Vec<(i64, i64)> { outcome.lines.iter().map(|line| (line.amount, line.used)).collect() };
    assert_eq!(
        (shown(&granted), shown(&lower)),
        (vec![(3, 3), (4, 4)], vec![(3, 6), (0, 4)])
    );
    assert_eq!(granted.lines[0].standings.len(), 1);
}

#[tokio::test]
async fn levels_and_members_are_entries_of_what_they_moved() {
    let bench = Bench::new();
    let level = aggregating("level", Aggregation::Last);
    let people = aggregating("people", Aggregation::Unique);
    let granted = Arc::new(entitlements(&[(&level, Some(100)), (&people, Some(2))]));
    let mut moved = Vec::new();

    for (name, value) in [("a", 40), ("b", 70), ("c", 10)] {
        let act = Act::Consume(vec![item(level.clone(), value)]);
        let line = bench.line(order(name, act, reach(1, &granted))).await;
        moved.push((line.amount, line.used));
    }
    for (name, member) in [("d", "ada"), ("e", "ada"), ("f", "bob")] {
        let member = Item {
            member: Some(member.into()),
            ..item(people.clone(), 1)
        };
        let line = bench
            .line(order(name, Act::Consume(vec![member]), reach(1, &granted)))
            .await;
        moved.push((line.amount, line.used));
    }
    let third = Item {
        member: Some("cem".into()),
        ..item(people.clone(), 1)
    };
    let refused = bench
        .ask(order("g", Act::Consume(vec![third]), reach(1, &granted)))
        .await;

    assert_eq!(moved, [(40, 40), (30, 70), (-60, 10), (1, 1), (0, 1), (1, 2)]);
    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
}

#[tokio::test]
async fn users_and_keys_have_limits_of_their_own() {
    let bench = Bench::new();
    let mut granted = entitlements(&[(&messages(), Some(100))]);
    granted.allowances.extend([each(Share::User, 5), each(Share::Key, 3)]);
    let granted = Arc::new(granted);
    let of = |name: &str, who: &str, amount| {
        let used = Item {
            user: user(who),
            ..item(messages(), amount)
        };
        order(name, Act::Consume(vec![used]), reach(1, &granted))
    };

    let ada = bench.line(of("a", "ada", 5)).await;
    let more = bench.ask(of("b", "ada", 1)).await.unwrap_err();
    let bob = bench.ask_as(&key_scope(7), of("c", "bob", 3)).await.unwrap();
    let key = bench.ask_as(&key_scope(7), of("d", "cem", 1)).await.unwrap_err();

    assert_eq!((ada.used, ada.standings.len()), (5, 2));
    assert_eq!((bob.lines[0].used, bob.lines[0].standings.len()), (8, 3));
    let binds = |refused: ConsumeError| match refused {
        ConsumeError::Exceeded(told) => told.binding.account().key.subject.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(binds(more), Subject::user("ada"));
    assert!(matches!(binds(key), Subject::Key(_)));
    let durable = bench.ledger.durable().await;
    let by: Vec<_> = durable
        .entries
        .iter()
        .map(|(_, entry)| entry.actor_kind.as_str())
        .collect();
    assert_eq!(by, ["member", "api_key"]);
    let users: Vec<_> = durable.rollups.keys().map(|line| line.user.as_str()).collect();
    assert_eq!(users, ["ada", "bob"]);
}

#[tokio::test]
async fn a_pool_counts_what_its_tenants_use_and_binds_them() {
    let bench = Bench::new();
    let (own, pool) = (limited(100), limited(5));
    let spend = |name: &str, amount| {
        let act = Act::Consume(vec![item(messages(), amount)]);
        order(name, act, pooled(&own, &pool))
    };

    let first = bench.line(spend("a", 4)).await;
    let refused = bench.ask(spend("b", 2)).await.unwrap_err();

    assert_eq!(
        (first.used, first.limit),
        (4, Some(100)),
        "the answer shows the tenant's own"
    );
    let ConsumeError::Exceeded(told) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (told.binding.account().tenant, told.binding.total()),
        (tenant_id(9), Some(5))
    );
    let durable = bench.ledger.durable().await;
    assert_eq!((durable.posted(), durable.entries.len()), (8, 1));
    let alerted: Vec<_> = durable
        .alerts
        .keys()
        .map(|(account, percent)| (account.tenant, *percent))
        .collect();
    assert_eq!(alerted, [(tenant_id(9), 80)], "the pool is told of its own threshold");
}

#[tokio::test]
async fn corrections_are_forced_and_never_below_nothing() {
    let bench = Bench::new();
    let granted = limited(10);
    let correct = |name: &str, kind, value| {
        let act = Act::Correct {
            kind,
            item: item(messages(), value),
        };
        order(name, act, reach(1, &granted))
    };

    let opened = bench.line(correct("a", EntryKind::Opening, 12)).await;
    let refused = bench.ask(request("b", 1, &granted)).await;
    let less = bench.line(correct("c", EntryKind::Correction, -5)).await;
    let again = bench.ask(correct("c", EntryKind::Correction, -5)).await.unwrap();
    let below = bench.ask(correct("d", EntryKind::Correction, -8)).await;

    assert_eq!((opened.used, less.used, less.amount), (12, 7, -5));
    assert!(again.replayed);
    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
    assert!(matches!(below, Err(ConsumeError::Below(7))), "{below:?}");
    let durable = bench.ledger.durable().await;
    let told: Vec<u8> = durable.alerts.keys().map(|(_, percent)| *percent).collect();
    assert_eq!(told, [80, 95, 100]);
}

#[tokio::test]
async fn a_slice_is_told_apart_in_the_ledger_and_bound_by_the_limit() {
    let bench = Bench::new();
    let granted = limited(10);
    let lease = |name: &str, value| order(name, Act::Lease(item(messages(), value)), reach(1, &granted));

    bench.ask(lease("a", 8)).await.unwrap();
    let refused = bench.ask(lease("b", 3)).await;

    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
    assert_eq!(bench.ledger.durable().await.entries[0].1.kind, EntryKind::Lease);
}

#[tokio::test]
async fn what_a_month_leaves_over_counts_in_the_next_one() {
    let bench = Bench::new();
    let rolling = Allowance {
        rollover: Some(6),
        ..each(Share::Tenant, 10)
    };
    let granted = Arc::new(Entitlements {
        allowances: vec![rolling],
        ..entitlements(&[])
    });
    let july = NOW + Duration::days(30);
    let at = |name: &str, amount, at| {
        let used = Item {
            at,
            ..item(messages(), amount)
        };
        order(name, Act::Consume(vec![used]), reach(1, &granted))
    };

    // May was not used at all: six of its ten are on top.
    let june = bench.line(at("a", 13, NOW)).await;
    // Refused, and yet july begins: what june left over must not be lost.
    let refused = bench.ask(at("b", 14, july)).await;
    let july = bench.line(at("c", 13, july)).await;

    assert_eq!((june.used, june.limit), (13, Some(16)));
    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
    assert_eq!(
        (july.used, july.limit),
        (13, Some(13)),
        "ten, and three of june's own ten"
    );
}

#[tokio::test]
async fn a_plan_change_in_a_period_carries_what_was_used() {
    let bench = Bench::new();
    bench.ask(request("a", 8, &limited(10))).await.unwrap();
    let daily = Allowance {
        period: Period::Day,
        ..each(Share::Tenant, 9)
    };
    let mut larger = entitlements(&[(&messages(), Some(20))]);
    larger.revision = 2;
    larger.allowances.push(daily);
    let larger = Arc::new(larger);

    let refused = bench.ask(request("b", 2, &larger)).await;
    let fits = bench.line(request("c", 1, &larger)).await;

    assert!(
        matches!(refused, Err(ConsumeError::Exceeded(_))),
        "the day holds eight already"
    );
    assert_eq!((fits.used, fits.limit), (9, Some(20)));
}

#[tokio::test]
async fn an_older_revision_in_the_same_batch_does_not_bring_an_old_limit_back() {
    let ledger = MemoryLedger::held_back();
    let engine = engine(&ledger, EngineOptions::default());
    let lowered = Arc::new(Entitlements {
        revision: 2,
        ..entitlements(&[(&messages(), Some(5))])
    });
    let orders = vec![request("new", 5, &lowered), request("old", 1, &limited(10))];
    ledger.gate.add_permits(10);

    let answers = engine.submit_all(&tenant(1), orders).await;

    assert!(answers[0].is_ok());
    assert!(matches!(answers[1], Err(ConsumeError::Exceeded(_))), "{:?}", answers[1]);
}
