//! Reservations and what is given back.

use tenantry_kernel::uuid::Uuid;
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::reservation::{ReservationId, ReservationStatus};
use tenantry_quotas::testing::code;

use super::*;

fn id(number: u128) -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(number))
}

fn holding(number: u128, amounts: &[i64], reach: Reach) -> Order {
    let act = Act::Reserve {
        id: id(number),
        items: amounts.iter().map(|amount| item(messages(), *amount)).collect(),
        expires_at: NOW + Duration::MINUTE,
    };
    order(&format!("reserve {number}"), act, reach)
}

fn commit(number: u128, used: Option<&[i64]>, reach: Reach) -> Order {
    let act = Act::Commit {
        id: id(number),
        used: used.map(<[i64]>::to_vec),
    };
    order(&Uuid::from_u128(number + 77).to_string(), act, reach)
}

fn release(number: u128, expired: bool, reach: Reach) -> Order {
    let act = Act::Release {
        id: id(number),
        expired,
    };
    order(&format!("release {number}"), act, reach)
}

fn later(order: Order, by: Duration) -> Order {
    Order { now: NOW + by, ..order }
}

fn status(outcome: &Outcome) -> ReservationStatus {
    outcome.reservation.as_ref().unwrap().status
}

#[tokio::test]
async fn what_is_held_takes_room_until_it_is_settled_for_what_was_used() {
    let bench = Bench::new();
    let granted = limited(10);

    let held = bench.ask(holding(1, &[6, 2], reach(1, &granted))).await.unwrap();
    let refused = bench.ask(request("a", 3, &granted)).await;
    let settled = bench.ask(commit(1, Some(&[4, 0]), reach(1, &granted))).await.unwrap();
    let again = bench.ask(commit(1, Some(&[4, 0]), reach(1, &granted))).await.unwrap();
    let fits = bench.line(request("b", 6, &granted)).await;

    assert_eq!(
        (status(&held), held.lines[0].used, held.lines[0].amount),
        (ReservationStatus::Held, 0, 0)
    );
    assert_eq!(held.lines[0].standings[0].held.pending, 8);
    assert!(matches!(refused, Err(ConsumeError::Exceeded(_))));
    assert_eq!(status(&settled), ReservationStatus::Committed);
    let amounts: Vec<_> = settled.lines.iter().map(|line| (line.amount, line.used)).collect();
    assert_eq!(amounts, [(4, 4), (0, 4)]);
    assert_eq!((again.replayed, again.lines[0].used), (true, 4));
    assert_eq!(fits.used, 10);
    let durable = bench.ledger.durable().await;
    assert_eq!(
        durable.entries[0].1.operation,
        OperationId::internal("reservation", &id(1).to_string())
    );
    assert!(durable.holds.is_empty());
}

#[tokio::test]
async fn the_same_reservation_is_made_once_and_its_name_is_no_operations() {
    let bench = Bench::new();
    let granted = limited(10);

    bench.ask(holding(1, &[6], reach(1, &granted))).await.unwrap();
    let again = bench.ask(holding(1, &[6], reach(1, &granted))).await.unwrap();
    let other = Order {
        digest: [9; 32],
        ..holding(1, &[5], reach(1, &granted))
    };
    let reused = bench.ask(other).await;
    bench.ask(request("used", 1, &granted)).await.unwrap();
    let taken = Order {
        operation: crate::testing::name("used"),
        ..holding(2, &[1], reach(1, &granted))
    };

    assert!(again.replayed);
    assert!(matches!(reused, Err(ConsumeError::KeyReused)));
    assert!(matches!(bench.ask(taken).await, Err(ConsumeError::KeyReused)));
    assert_eq!(bench.ledger.durable().await.holds.len(), 1);
}

#[tokio::test]
async fn committing_more_than_was_held_needs_room_for_the_rest() {
    let bench = Bench::new();
    let granted = limited(10);
    bench.ask(holding(1, &[4], reach(1, &granted))).await.unwrap();
    bench.ask(request("a", 4, &granted)).await.unwrap();

    let refused = bench.ask(commit(1, Some(&[7]), reach(1, &granted))).await.unwrap_err();
    let fits = bench.line(commit(1, Some(&[6]), reach(1, &granted))).await;

    let ConsumeError::Exceeded(told) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((told.item, told.amount), (0, 3));
    assert_eq!((fits.amount, fits.used), (6, 10));
}

#[tokio::test]
async fn a_reservation_ends_once_and_however_it_ended_it_stays() {
    let bench = Bench::new();
    let granted = limited(10);
    for number in [1, 2] {
        bench.ask(holding(number, &[4], reach(1, &granted))).await.unwrap();
    }

    let released = bench.ask(release(1, false, reach(1, &granted))).await.unwrap();
    let again = bench.ask(release(1, false, reach(1, &granted))).await.unwrap();
    let too_late = bench.ask(commit(1, None, reach(1, &granted))).await;
    bench.ask(commit(2, None, reach(1, &granted))).await.unwrap();
    let committed = bench.ask(release(2, false, reach(1, &granted))).await;
    let swept = bench.ask(release(2, true, reach(1, &granted))).await.unwrap();
    let unknown = bench.ask(commit(3, None, reach(1, &granted))).await;
    let for_test = Order {
        live: false,
        ..release(2, false, reach(1, &granted))
    };

    assert_eq!(
        (status(&released), released.replayed),
        (ReservationStatus::Released, false)
    );
    assert_eq!((status(&again), again.replayed), (ReservationStatus::Released, true));
    assert!(matches!(too_late, Err(ConsumeError::Ended)));
    assert!(matches!(committed, Err(ConsumeError::Ended)));
    assert_eq!(status(&swept), ReservationStatus::Committed);
    assert!(matches!(unknown, Err(ConsumeError::Unknown)));
    assert!(matches!(bench.ask(for_test).await, Err(ConsumeError::Unknown)));
    let durable = bench.ledger.durable().await;
    assert_eq!((durable.posted(), durable.holds.len()), (4, 0));
}

#[tokio::test]
async fn what_is_held_too_long_makes_room_by_itself() {
    let bench = Bench::new();
    let granted = limited(10);
    bench.ask(holding(1, &[8], reach(1, &granted))).await.unwrap();
    let asked = |name: &str, after| later(request(name, 5, &granted), after);

    let early = bench.ask(asked("a", Duration::seconds(59))).await;
    let late = bench.ask(asked("b", Duration::MINUTE)).await;
    let ended = bench
        .ask(later(commit(1, None, reach(1, &granted)), Duration::MINUTE))
        .await;
    let looked = later(release(1, true, reach(1, &granted)), Duration::MINUTE);
    let swept = bench.ask(looked).await.unwrap();

    assert!(matches!(early, Err(ConsumeError::Exceeded(_))));
    assert!(late.is_ok());
    assert!(matches!(ended, Err(ConsumeError::Ended)));
    assert_eq!(status(&swept), ReservationStatus::Expired);
    assert!(bench.ledger.durable().await.holds.is_empty());
}

#[tokio::test]
async fn whoever_looks_for_overdue_ones_with_a_fast_clock_ends_none() {
    let bench = Bench::new();
    let granted = limited(10);
    bench.ask(holding(1, &[8], reach(1, &granted))).await.unwrap();

    let stays = bench.ask(release(1, true, reach(1, &granted))).await.unwrap();

    assert_eq!(status(&stays), ReservationStatus::Held);
    assert_eq!(bench.ledger.durable().await.holds.len(), 1);
}

#[tokio::test]
async fn a_limit_that_came_or_went_meanwhile_is_counted_as_the_ledger_has_it() {
    let bench = Bench::new();
    let mut before = entitlements(&[(&messages(), Some(10))]);
    before.allowances.push(Allowance {
        period: Period::Day,
        ..each(Share::Tenant, 10)
    });
    let mut after = entitlements(&[(&messages(), Some(10))]);
    after.revision = 2;
    after.allowances.push(Allowance {
        period: Period::Minute,
        ..each(Share::Tenant, 10)
    });
    bench.ask(holding(1, &[6], reach(1, &Arc::new(before)))).await.unwrap();

    let settled = bench.line(commit(1, Some(&[5]), reach(1, &Arc::new(after)))).await;

    assert_eq!((settled.used, settled.standings.len()), (5, 2));
    let durable = bench.ledger.durable().await;
    let held: Vec<_> = durable
        .accounts
        .iter()
        .map(|(account, row)| (account.key.period, row.held.posted))
        .collect();
    assert_eq!(
        held,
        [(Period::Minute, 5), (Period::Day, 5), (Period::CalendarMonth, 5)]
    );
    assert!(durable.holds.is_empty());
}

#[tokio::test]
async fn a_reservation_in_a_pool_that_was_left_counts_on_the_tenant_alone() {
    let bench = Bench::new();
    let (own, pool) = (limited(10), limited(100));
    bench.ask(holding(1, &[6], pooled(&own, &pool))).await.unwrap();

    bench.ask(commit(1, None, reach(1, &own))).await.unwrap();

    let durable = bench.ledger.durable().await;
    let held: Vec<_> = durable
        .accounts
        .values()
        .map(|row| (row.held.posted, row.held.pending))
        .collect();
    assert_eq!(held, [(6, 0), (0, 0)]);
}

#[tokio::test]
async fn what_an_operation_counted_is_given_back_once() {
    let bench = Bench::new();
    let (own, pool) = (limited(10), limited(100));
    let act = Act::Consume(vec![item(messages(), 6), item(messages(), 2)]);
    bench.ask(order("work", act, pooled(&own, &pool))).await.unwrap();
    let back = |target: &str| {
        let act = Act::GiveBack(crate::testing::name(target));
        order("any", act, pooled(&own, &pool))
    };

    let first = bench.ask(back("work")).await.unwrap();
    let again = bench.ask(back("work")).await.unwrap();
    let unknown = bench.ask(back("play")).await;
    let fits = bench.line(request("more", 10, &own)).await;

    let amounts: Vec<_> = first.lines.iter().map(|line| (line.amount, line.used)).collect();
    assert_eq!(
        (amounts, first.replayed, again.replayed),
        (vec![(-6, 2), (-2, 0)], false, true)
    );
    assert!(matches!(unknown, Err(ConsumeError::Unknown)));
    assert_eq!(fits.used, 10);
    assert_eq!(bench.ledger.durable().await.entries[2].1.kind, EntryKind::GiveBack);
}

#[tokio::test]
async fn a_key_gives_back_on_the_account_of_the_key_that_used_it() {
    let bench = Bench::new();
    let mut granted = entitlements(&[(&messages(), Some(10))]);
    granted.allowances.push(each(Share::Key, 5));
    let granted = Arc::new(granted);
    bench.ask_as(&key_scope(7), request("work", 4, &granted)).await.unwrap();

    let back = order("x", Act::GiveBack(crate::testing::name("work")), reach(1, &granted));
    bench.ask_as(&key_scope(8), back).await.unwrap();

    assert_eq!(bench.ledger.durable().await.posted(), 0);
}

#[tokio::test]
async fn levels_corrections_and_test_keys_are_not_given_back() {
    let bench = Bench::new();
    let peak = aggregating("peak", Aggregation::Max);
    let granted = limited(10);
    let level = Act::Consume(vec![item(peak, 4)]);
    bench.ask(order("level", level, reach(1, &granted))).await.unwrap();
    let correct = Act::Correct {
        kind: EntryKind::Correction,
        item: item(messages(), 4),
    };
    bench
        .ask(order("correction", correct, reach(1, &granted)))
        .await
        .unwrap();
    let test = Order {
        live: false,
        ..request("test", 1, &granted)
    };
    bench.ask(test).await.unwrap();

    for target in ["level", "correction", "test"] {
        let back = order("x", Act::GiveBack(crate::testing::name(target)), reach(1, &granted));
        let refused = bench.ask(back).await;
        assert!(matches!(refused, Err(ConsumeError::Unknown)), "{target}: {refused:?}");
    }
    assert_eq!(bench.ledger.durable().await.entries[0].1.account.meter, code("peak"));
}

#[tokio::test]
async fn what_is_settled_right_after_it_was_made_is_found() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(10);
    let orders = vec![
        holding(1, &[6], reach(1, &granted)),
        commit(1, None, reach(1, &granted)),
        request("work", 3, &granted),
        order("x", Act::GiveBack(crate::testing::name("work")), reach(1, &granted)),
        request("more", 4, &granted),
    ];

    let answers = engine.submit_all(&tenant(1), orders).await;

    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let durable = ledger.durable().await;
    durable.check();
    assert_eq!(durable.posted(), 10);
}
