//! Tests of what happens around the charge.

use super::*;
use crate::owed::PayInvoice;

#[tokio::test]
async fn a_declined_card_changes_nothing() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let before = subscription(&house, &made);

    let refused = change(&house, &made, &to("starter", Some("card_declined")))
        .await
        .unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::PaymentRequired, "payment_required")
    );
    assert_eq!(refused.details(), [("decline_code", "card_declined".into())]);
    assert_eq!(subscription(&house, &made), before);
    assert_eq!(entitled_to(&house, &made), "free");
    let book = house.store.book(made.tenant.id());
    assert!(matches!(book.invoices[0].status(), InvoiceStatus::Void { .. }));
    assert_eq!(book.invoices[0].number(), None, "a draft never takes a number");
    assert!(book.methods.is_empty() && house.gateway.charges().is_empty());
    assert_eq!(
        house.store.actions().split_off(5),
        ["payment.started", "payment.failed"]
    );
    assert_eq!(house.store.mails().len(), 1, "who asked was told at once");
    assert!(change(&house, &made, &to("starter", Some("card_ok"))).await.is_ok());
}

#[tokio::test]
async fn an_unreachable_gateway_changes_nothing_and_is_worth_another_try() {
    let house = House::default();
    let made = house.found("acme", "free").await;

    let refused = change(&house, &made, &to("starter", Some("card_unreachable")))
        .await
        .unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Unavailable, "gateway_unavailable")
    );
    assert!(refused.retry_after_s().is_some());
    assert!(change(&house, &made, &to("starter", Some("card_ok"))).await.is_ok());
}

#[tokio::test]
async fn a_timeout_after_the_charge_is_one_charge() {
    let house = House::default();
    let made = house.found("acme", "free").await;

    let changed = change(&house, &made, &to("starter", Some("card_timeout_after_charge")))
        .await
        .unwrap();

    assert!(matches!(changed.invoice.unwrap().status(), InvoiceStatus::Paid { .. }));
    assert_eq!(house.gateway.charges().len(), 1);
    assert_eq!(subscription(&house, &made).plan().code, code("starter"));
}

#[tokio::test]
async fn a_crash_after_the_charge_is_resumed_to_one_charge() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house
        .store
        .fail_commit_after(1, StoreError::Unavailable("killed".into()));

    let crashed = change(&house, &made, &to("starter", Some("card_ok")))
        .await
        .unwrap_err();
    let halfway = subscription(&house, &made).plan().code.clone();
    house.clock.advance(Duration::minutes(3));
    let report = house.billing_run().run(&house.worker(), None).await.unwrap();

    assert_eq!(crashed.kind(), ErrorKind::Unavailable);
    assert_eq!(halfway, code("free"));
    assert_eq!((report.resumed, report.failed.len()), (1, 0));
    assert_eq!(house.gateway.charges().len(), 1);
    assert_eq!(subscription(&house, &made).plan().code, code("starter"));
    assert_eq!(entitled_to(&house, &made), "starter");
    let book = house.store.book(made.tenant.id());
    assert!(matches!(book.attempts[0].status, AttemptStatus::Succeeded { .. }));
    assert_eq!(book.issued_changes().count(), 1);
}

#[tokio::test]
async fn while_a_result_is_unknown_nothing_else_changes_the_plan() {
    let house = House::default();
    let made = on_starter(&house).await;
    house.clock.advance(Duration::days(1));
    house.gateway.fall_silent(true);

    let unknown = change(&house, &made, &to("professional", None)).await.unwrap_err();
    house.gateway.fall_silent(false);
    let again = change(&house, &made, &to("professional", None)).await.unwrap_err();
    let scheduled = change(&house, &made, &to("free", None)).await.unwrap_err();
    let scope = house.owner_of(&made).await;
    let settlement = house.plan_changes().resume(&scope).await.unwrap().unwrap();
    let nothing_left = house.plan_changes().resume(&scope).await.unwrap();

    assert_eq!(
        (unknown.kind(), unknown.code()),
        (ErrorKind::Unavailable, "payment_pending")
    );
    for refused in [again, scheduled] {
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Conflict, "payment_in_progress")
        );
    }
    assert_eq!(settlement.settled, Settled::Paid);
    assert!(nothing_left.is_none());
    assert_eq!(house.gateway.charges().len(), 2);
    assert_eq!(entitled_to(&house, &made), "professional");
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_told_that_a_payment_is_in_progress() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (starter, team) = (to("starter", Some("card_ok")), to("team", Some("card_ok")));

    let (one, two) = tokio::join!(change(&house, &made, &starter), change(&house, &made, &team));

    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert_eq!(refused.code(), "payment_in_progress");
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn no_unit_is_open_while_money_moves() {
    let house = House::default();
    let made = on_starter(&house).await;
    change(&house, &made, &to("pro", Some("card_declined")))
        .await
        .unwrap_err();
    change(&house, &made, &to("pro", Some("card_timeout_after_charge")))
        .await
        .unwrap();
    house.clock.advance(Duration::days(40));

    house.billing_run().run(&house.worker(), None).await.unwrap();

    assert!(!house.gateway.was_disturbed());
    assert_eq!(house.store.open_units(), 0);
}

#[tokio::test]
async fn the_receipt_is_left_with_the_first_commit_only() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let scope = house.owner_of(&made).await.with_receipt(receipt());

    house
        .plan_changes()
        .change(&scope, &to("starter", Some("card_ok")))
        .await
        .unwrap();

    let left: Vec<_> = house.store.commits().into_iter().map(|commit| commit.receipt).collect();
    assert_eq!(left, [None, Some(receipt()), None]);
}

#[tokio::test]
async fn a_change_in_one_commit_leaves_its_receipt_with_it() {
    for (plan, from) in [("professional", "starter"), ("free", "starter")] {
        let house = House::default();
        let made = house.found("acme", from).await;
        let scope = house.owner_of(&made).await.with_receipt(receipt());

        house.plan_changes().change(&scope, &to(plan, None)).await.unwrap();

        let left: Vec<_> = house.store.commits().into_iter().map(|commit| commit.receipt).collect();
        assert_eq!(left, [None, Some(receipt())], "{plan}");
    }
}

#[tokio::test]
async fn a_declined_change_leaves_its_receipt_too_so_that_it_is_declined_once() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let scope = house.owner_of(&made).await.with_receipt(receipt());
    let wish = to("starter", Some("card_declined"));

    house.plan_changes().change(&scope, &wish).await.unwrap_err();
    let twin = house.plan_changes().change(&scope, &wish).await.unwrap_err();

    assert_eq!(twin.code(), "idempotency_key_used");
    assert_eq!(house.store.book(made.tenant.id()).attempts.len(), 1);
}

#[tokio::test]
async fn a_lost_race_is_run_again_before_and_after_the_charge() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.store.fail_commit(StoreError::Contended);
    house.store.fail_commit_after(1, StoreError::Contended);

    change(&house, &made, &to("starter", Some("card_ok"))).await.unwrap();

    assert_eq!(house.gateway.charges().len(), 1);
    assert_eq!(entitled_to(&house, &made), "starter");
}

#[tokio::test]
async fn a_pending_payment_of_an_invoice_is_resumed_as_well() {
    let house = House::default();
    let made = house.found("acme", "team").await;
    let scope = house.owner_of(&made).await;
    let invoice = house.store.book(made.tenant.id()).invoices[0].id();
    house.pay_with(&made, "card_ok").await;
    house.gateway.fall_silent(true);
    let pay = PayInvoice {
        invoice,
        payment_method: None,
    };
    house.owed_invoices().pay(&scope, pay).await.unwrap_err();
    house.gateway.fall_silent(false);

    let settlement = house.plan_changes().resume(&scope).await.unwrap().unwrap();

    assert_eq!(settlement.settled, Settled::Paid);
    let book = house.store.book(made.tenant.id());
    assert!(matches!(book.invoices[0].status(), InvoiceStatus::Paid { .. }));
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn paying_an_invoice_leaves_the_receipt_once_also_when_races_are_lost() {
    let house = House::default();
    let made = house.found("acme", "team").await;
    let scope = house.owner_of(&made).await.with_receipt(receipt());
    let pay = PayInvoice {
        invoice: house.store.book(made.tenant.id()).invoices[0].id(),
        payment_method: Some("card_ok".to_owned()),
    };
    house.store.fail_commit(StoreError::Contended);
    house.store.fail_commit_after(1, StoreError::Contended);

    house.owed_invoices().pay(&scope, pay).await.unwrap();

    let left: Vec<_> = house.store.commits().into_iter().map(|commit| commit.receipt).collect();
    assert_eq!(left, [None, None, Some(receipt())]);
    assert_eq!(house.gateway.charges().len(), 1);
    assert!(!house.gateway.was_disturbed());
}
