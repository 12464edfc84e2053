//! What becomes of invoices that stay unpaid, day by day.

use tenantry_billing::subscription::{Status, Subscription};
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Clock, Mail};
use tenantry_tenancy::tenant::{TenantState, TenantStatus};

use super::*;
use crate::owed::PayInvoice;
use crate::sign_up::SignedUp;
use crate::testing::House;

/// A tenant whose trial is over and whose card was refused, on the day it was due.
async fn overdue(house: &House, card: Option<&str>) -> SignedUp {
    let made = house.found("acme", "starter").await;
    if let Some(card) = card {
        house.pay_with(&made, card).await;
    }
    house.clock.advance(Duration::days(14));
    run(house).await;
    made
}

async fn run(house: &House) -> BillingReport {
    let report = house.billing_run().run(&house.worker(), None).await.unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    report
}

/// Lets days pass, with a run at the end; answers what it retried, suspended, cancelled and collected.
async fn after(house: &House, days: i64) -> (u64, u64, u64, u64) {
    house.clock.advance(Duration::days(days));
    let report = run(house).await;
    (report.retried, report.suspended, report.cancelled, report.paid)
}

fn status(house: &House, made: &SignedUp) -> TenantStatus {
    let tenant = house.store.tenant_rows(made.tenant.id()).tenant.unwrap();
    tenant.status().clone()
}

fn subscription(house: &House, made: &SignedUp) -> Subscription {
    house.store.book(made.tenant.id()).subscriptions.pop().unwrap()
}

fn attempts(house: &House, made: &SignedUp) -> usize {
    house.store.book(made.tenant.id()).attempts.len()
}

fn field<'a>(mail: &'a Mail, name: &str) -> Option<&'a str> {
    let found = mail.fields.iter().find(|(field, _)| *field == name);
    found.map(|(_, value)| value.as_str())
}

fn templates(house: &House) -> Vec<&'static str> {
    house.store.mails().iter().map(|mail| mail.template).collect()
}

async fn pay(house: &House, made: &SignedUp, card: &str) {
    let scope = house.owner_who_pays(made).await.unwrap();
    let open = house.store.book(made.tenant.id()).invoices;
    let invoice = open
        .iter()
        .find(|invoice| invoice.status() == InvoiceStatus::Open)
        .unwrap();
    let wish = PayInvoice {
        invoice: invoice.id(),
        payment_method: Some(card.to_owned()),
    };
    house.owed_invoices().pay(&scope, wish).await.unwrap();
}

#[tokio::test]
async fn a_refused_charge_is_retried_suspended_and_cancelled_on_the_catalogs_days() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    let mut steps = Vec::new();

    for day in 1..=30 {
        let (retried, suspended, cancelled, _) = after(&house, 1).await;
        for (what, count) in [("retry", retried), ("suspend", suspended), ("cancel", cancelled)] {
            steps.extend((count > 0).then_some((day, what)));
        }
    }

    assert_eq!(
        steps,
        [
            (1, "retry"),
            (3, "retry"),
            (5, "retry"),
            (7, "retry"),
            (14, "suspend"),
            (30, "cancel")
        ]
    );
    assert_eq!(attempts(&house, &made), 5);
    assert!(!subscription(&house, &made).is_live());
    let invoices = house.store.book(made.tenant.id()).invoices;
    assert_eq!(invoices[0].status(), InvoiceStatus::Open, "what was used is owed");
    assert_eq!(after(&house, 100).await, (0, 0, 0, 0));
}

#[tokio::test]
async fn a_second_run_on_the_same_day_does_nothing() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;

    let first = after(&house, 1).await;
    let commits = house.store.commits().len();
    let second = after(&house, 0).await;

    assert_eq!((first.0, second.0), (1, 0));
    assert_eq!(attempts(&house, &made), 2);
    assert_eq!(house.store.commits().len(), commits);
}

#[tokio::test]
async fn two_runs_at_once_take_each_step_once() {
    for (days, expected) in [(3, (1, 0)), (14, (1, 1))] {
        let house = House::default();
        let made = overdue(&house, Some("card_declined")).await;
        house.clock.advance(Duration::days(days));

        let (service, worker) = (house.billing_run(), house.worker());
        let (one, two) = tokio::join!(service.run(&worker, None), service.run(&worker, None));
        let (one, two) = (one.unwrap(), two.unwrap());
        let late = run(&house).await;

        let retried = one.retried + two.retried + late.retried;
        let suspended = one.suspended + two.suspended + late.suspended;
        assert_eq!((retried, suspended), expected, "after {days} days");
        assert_eq!(attempts(&house, &made), 2);
    }
}

#[tokio::test]
async fn a_run_that_missed_days_charges_once_and_takes_what_was_due() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;

    let report = after(&house, 40).await;

    assert_eq!((report.0, report.1, report.2), (1, 1, 1));
    let of_first = house.store.book(made.tenant.id());
    let first = of_first.invoices[0].id();
    let tries = of_first.attempts.iter().filter(|attempt| attempt.invoice == first);
    assert_eq!(tries.count(), 2);
    assert_eq!(templates(&house).last(), Some(&"subscription_cancelled"));
    assert!(!templates(&house).contains(&"tenant_suspended"), "one mail says it all");
}

#[tokio::test]
async fn a_good_card_on_a_retry_day_ends_it() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    house.pay_with(&made, "card_ok").await;

    let report = after(&house, 1).await;

    assert_eq!(report, (1, 0, 0, 1));
    assert_eq!(subscription(&house, &made).status(), Status::Active);
    assert_eq!(after(&house, 20).await, (0, 0, 0, 0));
    assert_eq!(status(&house, &made), TenantStatus::Active);
}

#[tokio::test]
async fn without_a_method_the_payer_is_reminded_on_the_retry_days() {
    let house = House::default();
    let made = overdue(&house, None).await;

    let report = after(&house, 1).await;

    assert_eq!(report, (0, 0, 0, 0));
    assert_eq!(attempts(&house, &made), 0);
    assert_eq!(house.store.actions().last(), Some(&"invoice.reminded"));
    let mail = house.store.mails().pop().unwrap();
    assert_eq!(
        (mail.template, field(&mail, "days_left"), field(&mail, "retry_at")),
        ("payment_failed", Some("13"), Some("2026-03-18"))
    );
}

#[tokio::test]
async fn each_step_is_audited_and_told_to_the_payer() {
    let house = House::default();
    overdue(&house, Some("card_declined")).await;
    after(&house, 7).await;
    after(&house, 7).await;
    after(&house, 16).await;

    let events = house.store.events();
    let of = |action: &str| events.iter().filter(|event| event.action == action).count();
    assert_eq!(
        (
            of("payment.retried"),
            of("tenant.suspended"),
            of("subscription.cancelled")
        ),
        (1, 1, 1)
    );
    let told: Vec<_> = templates(&house)
        .into_iter()
        .filter(|name| *name != "welcome")
        .collect();
    assert_eq!(
        told,
        [
            "payment_failed",
            "payment_failed",
            "tenant_suspended",
            "subscription_cancelled"
        ]
    );
    let suspended = events.iter().find(|event| event.action == "tenant.suspended").unwrap();
    let cause = suspended.changes.iter().find(|change| change.field == "cause").unwrap();
    assert_eq!(cause.after, "unpaid".into());
}

#[tokio::test]
async fn paying_opens_the_tenant_again() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    after(&house, 14).await;
    let TenantStatus::Suspended { reason, cause, .. } = status(&house, &made) else {
        panic!("not suspended");
    };
    assert_eq!(cause, SuspensionCause::Unpaid);
    assert_eq!(reason, "the invoice INV-000001 over 99.00 USD is not paid");

    pay(&house, &made, "card_ok").await;

    assert_eq!(status(&house, &made), TenantStatus::Active);
    assert_eq!(subscription(&house, &made).status(), Status::Active);
    assert_eq!(house.store.actions().last(), Some(&"tenant.reactivated"));
}

#[tokio::test]
async fn paying_never_opens_what_an_operator_closed() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    let reason = Note::try_from("abuse").unwrap();
    let (operators, operator) = (house.operators(), house.operator());
    operators.suspend(&operator, made.tenant.id(), &reason).await.unwrap();

    let report = after(&house, 14).await;
    let closed = house.owner_who_pays(&made).await;
    let scope = house.gate().enter_as_system(made.tenant.id(), "test").await.unwrap();
    let invoice = house.store.book(made.tenant.id()).invoices[0].id();
    let wish = PayInvoice {
        invoice,
        payment_method: Some("card_ok".to_owned()),
    };
    house.owed_invoices().pay(&scope, wish).await.unwrap();

    assert_eq!((report.0, report.1), (1, 0));
    assert!(closed.is_err());
    assert_eq!(status(&house, &made).suspension(), Some(SuspensionCause::Operator));
}

#[tokio::test]
async fn an_operator_who_opens_the_tenant_is_not_overruled_by_the_same_invoice() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    after(&house, 14).await;
    let (operators, operator) = (house.operators(), house.operator());
    operators.reactivate(&operator, made.tenant.id()).await.unwrap();

    let report = after(&house, 5).await;

    assert_eq!((report.1, status(&house, &made).state()), (0, TenantState::Active));
}

#[tokio::test]
async fn an_invoice_that_is_paid_after_the_cancellation_opens_the_tenant_too() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    after(&house, 14).await;
    after(&house, 16).await;
    assert!(!subscription(&house, &made).is_live());

    pay(&house, &made, "card_ok").await;

    assert_eq!(status(&house, &made), TenantStatus::Active);
    assert!(!subscription(&house, &made).is_live());
}

#[tokio::test]
async fn a_crash_while_a_retry_is_charged_is_resumed_to_one_charge() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    house.pay_with(&made, "card_ok").await;
    house.clock.advance(Duration::days(1));
    house
        .store
        .fail_commit_after(1, StoreError::Unavailable("killed".into()));
    let crashed = house.billing_run().run(&house.worker(), None).await.unwrap();
    let too_soon = run(&house).await;
    house.clock.advance(Duration::minutes(2));

    let resumed = run(&house).await;

    assert_eq!((crashed.failed.len(), crashed.retried), (1, 1));
    assert_eq!((too_soon.retried, too_soon.resumed), (0, 0));
    assert_eq!((resumed.retried, resumed.resumed), (0, 1));
    assert_eq!(house.gateway.charges().len(), 1);
    let book = house.store.book(made.tenant.id());
    assert!(matches!(book.invoices[0].status(), InvoiceStatus::Paid { .. }));
}

#[tokio::test]
async fn a_crash_between_a_refused_retry_and_the_suspension_suspends_at_the_next_run() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    house.clock.advance(Duration::days(14));
    house
        .store
        .fail_commit_after(2, StoreError::Unavailable("killed".into()));
    let crashed = house.billing_run().run(&house.worker(), None).await.unwrap();
    assert_eq!((crashed.retried, crashed.suspended, crashed.failed.len()), (1, 0, 1));

    let next = run(&house).await;

    assert_eq!((next.retried, next.suspended), (0, 1));
    assert_eq!(attempts(&house, &made), 2);
}

#[tokio::test]
async fn a_run_that_looks_ahead_retries_once_for_that_day_too() {
    let house = House::default();
    let made = overdue(&house, Some("card_declined")).await;
    let ahead = house.clock.system_now() + Duration::days(3);
    let (service, worker) = (house.billing_run(), house.worker());

    let first = service.run(&worker, Some(ahead)).await.unwrap();
    let again = service.run(&worker, Some(ahead)).await.unwrap();
    let later = after(&house, 3).await;

    assert_eq!((first.retried, again.retried, later.0), (1, 0, 0));
    assert_eq!(attempts(&house, &made), 2);
}
