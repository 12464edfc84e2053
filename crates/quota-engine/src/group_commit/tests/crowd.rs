//! Crowds, and what is left of them.

use super::*;

#[tokio::test]
async fn the_usual_batch_says_no_more_than_it_must() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());

    engine
        .submit(&tenant(1), request("order-1", 3, &limited(10)))
        .await
        .unwrap();

    assert_eq!(ledger.said(), ["lock", "write", "commit"]);
}

#[tokio::test]
async fn a_repetition_is_found_by_its_entry_and_then_names_are_looked_up_for_a_while() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(1_000);
    let ask = async |name: &str| {
        let answer = engine.submit(&tenant(1), request(name, 3, &granted)).await;
        let begun = ledger.batches.load(Ordering::SeqCst);
        (answer.unwrap().replayed, begun, ledger.said())
    };

    assert_eq!(ask("order-1").await, (false, 1, vec!["lock", "write", "commit"]));
    assert_eq!(ask("order-1").await, (true, 3, vec!["lock", "known"]));
    let looking = vec!["lock", "known", "write", "commit"];
    assert_eq!(ask("order-2").await, (false, 4, looking.clone()));
    for number in 2..=64 {
        assert_eq!(ask(&format!("later-{number}")).await.2, looking, "{number}");
    }
    assert_eq!(ask("last").await.2, ["lock", "write", "commit"]);
    assert_eq!(ledger.durable().await.posted(), 3 * 66);
}

#[tokio::test]
async fn what_was_counted_before_the_limit_was_reached_is_no_refusal_afterwards() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(3);

    let first = engine.submit(&tenant(1), request("order-1", 3, &granted)).await;
    let again = engine.submit(&tenant(1), request("order-1", 3, &granted)).await;
    let other = engine.submit(&tenant(1), request("order-2", 1, &granted)).await;

    assert_eq!(line(first.unwrap()).used, 3);
    let again = again.unwrap();
    assert!(again.replayed && line(again).used == 3);
    assert!(matches!(other, Err(ConsumeError::Exceeded(_))));
}

#[tokio::test]
async fn a_thousand_orders_are_answered_in_their_order_over_several_transactions() {
    let ledger = MemoryLedger::open();
    let engine = engine(&ledger, EngineOptions::default());
    let granted = limited(700);
    let orders = (0..1_000).map(|one| request(&format!("{one}"), 1, &granted)).collect();

    let answers = engine.submit_all(&tenant(1), orders).await;

    let used: Vec<i64> = answers
        .into_iter()
        .filter_map(|answer| Some(line(answer.ok()?).used))
        .collect();
    assert_eq!(used, (1..=700).collect::<Vec<_>>());
    // The second was begun twice: what is refused may have been counted before, so its names were looked up.
    assert_eq!(ledger.batches.load(Ordering::SeqCst), 3);
    ledger.durable().await.check();
}

#[tokio::test]
async fn a_tenant_that_fills_its_part_is_refused_and_others_are_not() {
    let ledger = MemoryLedger::held_back();
    let options = EngineOptions {
        tenant_len: 5,
        ..EngineOptions::default()
    };
    let engine = engine(&ledger, options);
    let granted = limited(100);
    let first = blocker(&engine, &ledger, &granted).await;
    let filling: Vec<_> = (0..5).map(|one| ask(&engine, &format!("{one}"), &granted)).collect();
    until_queued(&engine, 5).await;

    let refused = engine.submit(&tenant(1), request("too much", 1, &granted)).await;
    let all_refused = engine
        .submit_all(&tenant(1), vec![request("a", 1, &granted), request("b", 1, &granted)])
        .await;
    let theirs = {
        let (engine, order) = (Arc::clone(&engine), request_of(2, "fine", 1, &granted));
        tokio::spawn(async move { engine.submit(&tenant(2), order).await })
    };
    until_queued(&engine, 6).await;
    ledger.gate.add_permits(1_000);

    assert!(matches!(refused, Err(ConsumeError::Busy { .. })));
    assert!(
        all_refused
            .iter()
            .all(|one| matches!(one, Err(ConsumeError::Busy { .. })))
    );
    assert!(theirs.await.unwrap().is_ok());
    assert!(first.await.unwrap().is_ok());
    for one in filling {
        assert!(one.await.unwrap().is_ok());
    }
}
