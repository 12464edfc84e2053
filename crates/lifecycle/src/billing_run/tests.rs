//! Tests of the billing run.

use tenantry_billing::change::When;
use tenantry_billing::invoice::{InvoiceStatus, LineKind};
use tenantry_billing::payment::AttemptStatus;
use tenantry_billing::subscription::{CancelSubscription, CancelWhen, Status, SubscriptionService};
use tenantry_kernel::Note;
use tenantry_quotas::period::Period;

use super::*;
use crate::plan_change::ChangePlan;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{self, MESSAGES, NOW, USERS, code, email};

async fn run(house: &House) -> BillingReport {
    house.billing_run().run(&house.worker(), None).await.unwrap()
}

fn subscription(house: &House, made: &SignedUp) -> Subscription {
    house.store.book(made.tenant.id()).subscriptions.pop().unwrap()
}

/// Numbers, amounts and statuses of the invoices.
fn invoices(house: &House, made: &SignedUp) -> Vec<(String, String, &'static str)> {
    let book = house.store.book(made.tenant.id());
    let shown = |invoice: &Invoice| {
        let number = invoice.number().map(|number| number.to_string()).unwrap_or_default();
        (number, invoice.amount_due().to_string(), invoice.status().as_str())
    };
    book.invoices.iter().map(shown).collect()
}

fn invoice(number: &str, amount: &str, status: &'static str) -> (String, String, &'static str) {
    (format!("INV-{number}"), format!("{amount} USD"), status)
}

fn counts(report: &BillingReport) -> (u64, u64, u64, u64, usize) {
    (
        report.periods,
        report.invoices,
        report.paid,
        report.resumed,
        report.failed.len(),
    )
}

/// A tenant in a trial of `starter`, with a card; the trial ends 14 days after [`NOW`].
async fn trying(house: &House, slug: &str, card: Option<&str>) -> SignedUp {
    let made = house.found(slug, "starter").await;
    if let Some(card) = card {
        house.pay_with(&made, card).await;
    }
    made
}

#[tokio::test]
async fn nothing_is_due_before_a_period_ends() {
    let house = House::default();
    trying(&house, "acme", Some("card_ok")).await;
    house.clock.advance(Duration::days(14) - Duration::SECOND);

    let report = run(&house).await;

    assert_eq!(counts(&report), (0, 0, 0, 0, 0));
}

#[tokio::test]
async fn a_trial_converts_by_itself_and_is_renewed_each_month() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;

    house.clock.advance(Duration::days(14));
    let converted = run(&house).await;
    house.clock.advance(Duration::days(31));
    let renewed = run(&house).await;

    assert_eq!(counts(&converted), (1, 1, 1, 0, 0));
    assert_eq!(counts(&renewed), (1, 1, 1, 0, 0));
    assert_eq!(
        invoices(&house, &made),
        [invoice("000001", "99.00", "paid"), invoice("000002", "99.00", "paid")]
    );
    assert_eq!(subscription(&house, &made).status(), Status::Active);
    let actions = house.store.actions();
    assert!(actions.contains(&"subscription.trial_converted") && actions.contains(&"subscription.renewed"));
    assert_eq!(house.store.mails().len(), 1, "only the owner's welcome");
}

#[tokio::test]
async fn with_the_trial_its_limits_end() {
    let mut parts = fixture::parts();
    for offer in &mut parts.offers {
        if offer.plan.code.as_str() == "starter" {
            offer.trial_allowances = vec![fixture::allowance(USERS, Some(1), Period::Lifetime)];
        }
    }
    let house = House::selling(Catalog::new(parts).unwrap());
    let seats = |made: &SignedUp| {
        let granted = house.store.tenant_rows(made.tenant.id()).entitlements.unwrap();
        granted.allowances.iter().map(|one| one.limit).collect::<Vec<_>>()
    };
    let stays = trying(&house, "acme", Some("card_ok")).await;
    let leaves = trying(&house, "globex", None).await;
    let service = SubscriptionService::new(Arc::new(house.store.clone()), house.clock.clone());
    let wish = CancelSubscription {
        when: CancelWhen::PeriodEnd,
    };
    service.cancel(&house.owner_of(&leaves).await, wish).await.unwrap();
    let during = (seats(&stays), seats(&leaves));

    house.clock.advance(Duration::days(14));
    let report = run(&house).await;

    assert_eq!(report.periods, 2);
    assert_eq!(during, (vec![Some(1)], vec![Some(1)]));
    assert_eq!(seats(&stays), [Some(3)], "the plan's own");
    assert_eq!(seats(&leaves), [Some(1)], "nobody gets more by leaving");
}

#[tokio::test]
async fn a_trial_without_a_method_converts_to_an_open_invoice_and_a_mail() {
    let house = House::default();
    let made = trying(&house, "acme", None).await;
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;
    let again = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 0, 0, 0));
    assert_eq!(counts(&again), (0, 0, 0, 0, 0));
    assert_eq!(invoices(&house, &made), [invoice("000001", "99.00", "open")]);
    assert!(matches!(subscription(&house, &made).status(), Status::PastDue { .. }));
    let mail = house.store.mails().pop().unwrap();
    assert_eq!(
        (mail.template, mail.to),
        ("payment_failed", email("billing@acme.example"))
    );
    assert!(mail.fields.contains(&("amount", "99.00 USD".to_owned())));
    assert!(mail.fields.contains(&("invoice", "INV-000001".to_owned())));
    let converted = house.store.events();
    let converted = converted
        .iter()
        .find(|event| event.action == "subscription.trial_converted")
        .unwrap();
    let status = converted
        .changes
        .iter()
        .find(|change| change.field == "status")
        .unwrap();
    assert_eq!(
        (status.before.clone(), status.after.clone()),
        ("trialing".into(), "past_due".into())
    );
}

#[tokio::test]
async fn a_declined_renewal_leaves_the_invoice_open_and_tells_the_payer() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_declined")).await;
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 0, 0, 0));
    assert_eq!(invoices(&house, &made), [invoice("000001", "99.00", "open")]);
    assert!(matches!(subscription(&house, &made).status(), Status::PastDue { .. }));
    let mail = house.store.mails().pop().unwrap();
    assert_eq!(
        (mail.template, mail.to),
        ("payment_failed", email("billing@acme.example"))
    );
    let failed = house
        .store
        .events()
        .into_iter()
        .find(|event| event.action == "payment.failed")
        .unwrap();
    assert_eq!(failed.mails.len(), 1);
}

#[tokio::test]
async fn a_good_card_pays_at_the_next_period_end_what_is_still_owed() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_declined")).await;
    house.clock.advance(Duration::days(14));
    run(&house).await;
    house.pay_with(&made, "card_ok").await;
    house.clock.advance(Duration::days(31));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 2, 0, 0));
    assert_eq!(
        invoices(&house, &made),
        [invoice("000001", "99.00", "paid"), invoice("000002", "99.00", "paid")]
    );
    assert_eq!(subscription(&house, &made).status(), Status::Active);
}

#[tokio::test]
async fn a_scheduled_downgrade_takes_effect_with_the_period_and_its_entitlements() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    let scope = house.owner_of(&made).await;
    let wish = ChangePlan {
        plan: "free".to_owned(),
        cycle: None,
        quantity: None,
        when: Some(When::PeriodEnd),
        payment_method: None,
    };
    house.plan_changes().change(&scope, &wish).await.unwrap();
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 0, 0, 0, 0));
    assert_eq!(subscription(&house, &made).plan().code, code("free"));
    let entitlements = house.store.tenant_rows(made.tenant.id()).entitlements.unwrap();
    assert_eq!(entitlements.plan, code("free"));
    assert!(house.gateway.charges().is_empty());
}

#[tokio::test]
async fn a_cancelled_subscription_ends_with_its_period() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    let service = SubscriptionService::new(Arc::new(house.store.clone()), house.clock.clone());
    let cancel = CancelSubscription {
        when: CancelWhen::PeriodEnd,
    };
    service.cancel(&house.owner_of(&made).await, cancel).await.unwrap();
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 0, 0, 0, 0));
    assert!(!subscription(&house, &made).is_live());
    assert_eq!(house.store.actions().last(), Some(&"subscription.ended"));
}

#[tokio::test]
async fn a_late_run_bills_every_missed_period_in_order() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    house.clock.advance(Duration::days(14 + 31 + 30 + 5));

    let report = run(&house).await;

    assert_eq!(counts(&report), (3, 3, 3, 0, 0));
    let book = house.store.book(made.tenant.id());
    let starts: Vec<_> = book
        .invoices
        .iter()
        .map(|invoice| invoice.lines()[0].basis.period().start())
        .collect();
    assert!(starts.is_sorted() && starts[0] == NOW + Duration::days(14));
    assert_eq!(house.gateway.charges().len(), 3);
    assert!(subscription(&house, &made).period().end() > NOW + Duration::days(80));
}

#[tokio::test]
async fn two_runs_at_once_bill_once() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    house.clock.advance(Duration::days(14));

    let (one, two) = tokio::join!(run(&house), run(&house));

    assert_eq!(one.periods + two.periods, 1);
    assert_eq!(invoices(&house, &made), [invoice("000001", "99.00", "paid")]);
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_tenant_that_fails_stops_nobody_else() {
    let house = House::default();
    let stuck = trying(&house, "acme", Some("card_timeout_before_charge")).await;
    let fine = trying(&house, "globex", Some("card_ok")).await;
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;

    assert_eq!(report.failed[0].0, stuck.tenant.id());
    assert_eq!(report.failed[0].1.code(), "payment_pending");
    assert_eq!(report.failed.len(), 1);
    assert_eq!(invoices(&house, &fine), [invoice("000002", "99.00", "paid")]);
}

#[tokio::test]
async fn a_crash_while_a_renewal_is_charged_is_resumed_to_one_charge() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    house.clock.advance(Duration::days(14));
    house
        .store
        .fail_commit_after(1, StoreError::Unavailable("killed".into()));

    let crashed = run(&house).await;
    let too_soon = run(&house).await;
    house.clock.advance(LEFT_ALONE);
    let resumed = run(&house).await;

    assert_eq!(counts(&crashed), (1, 1, 0, 0, 1));
    assert_eq!(counts(&too_soon), (0, 0, 0, 0, 0), "a payment in flight is left alone");
    assert_eq!(counts(&resumed), (0, 0, 0, 1, 0));
    assert_eq!(invoices(&house, &made), [invoice("000001", "99.00", "paid")]);
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_renewal_that_is_found_refused_tells_the_payer_as_well() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_declined")).await;
    house.clock.advance(Duration::days(14));
    house.gateway.fall_silent(true);
    let silent = run(&house).await;
    house.gateway.fall_silent(false);
    house.clock.advance(LEFT_ALONE);

    let resumed = run(&house).await;

    assert_eq!(silent.failed.len(), 1);
    assert_eq!(resumed.resumed, 1);
    let book = house.store.book(made.tenant.id());
    assert!(matches!(book.attempts[0].status, AttemptStatus::Failed { .. }));
    assert_eq!(book.invoices[0].status(), InvoiceStatus::Open);
    assert!(matches!(subscription(&house, &made).status(), Status::PastDue { .. }));
    assert_eq!(house.store.mails().pop().unwrap().template, "payment_failed");
}

#[tokio::test]
async fn what_was_counted_is_billed_after_the_period() {
    let house = House::default();
    let made = house.found("acme", "metered").await;
    house.pay_with(&made, "card_ok").await;
    let meter = code(MESSAGES);
    for (day, amount) in [(1, 10), (30, 20), (31, 500)] {
        house
            .store
            .use_meter(made.tenant.id(), &meter, NOW + Duration::days(day), amount);
    }
    house.clock.advance(Duration::days(40));

    run(&house).await;

    assert_eq!(invoices(&house, &made), [invoice("000001", "45.00", "paid")]);
}

#[tokio::test]
async fn a_run_may_look_ahead() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;

    let as_of = NOW + Duration::days(15);
    let report = house.billing_run().run(&house.worker(), Some(as_of)).await.unwrap();

    assert_eq!(counts(&report), (1, 1, 1, 0, 0));
    let attempt = house.store.book(made.tenant.id()).attempts.remove(0);
    assert_eq!(attempt.created_at, NOW, "a crash now is found by the clock");
}

#[tokio::test]
async fn a_suspended_tenant_still_owes() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    let reason = Note::try_from("abuse").unwrap();
    house
        .operators()
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await
        .unwrap();
    house.clock.advance(Duration::days(14));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 1, 0, 0));
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let house = House::default();
    let made = trying(&house, "acme", Some("card_ok")).await;
    house.clock.advance(Duration::days(14));
    house.store.fail_commit(StoreError::Contended);
    house.store.fail_commit_after(1, StoreError::Contended);

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 1, 0, 0));
    assert_eq!(invoices(&house, &made), [invoice("000001", "99.00", "paid")]);
}

#[tokio::test]
async fn credit_pays_a_renewal_before_the_card_does() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let scope = house.owner_of(&made).await;
    let wish = |plan: &str| ChangePlan {
        plan: plan.to_owned(),
        cycle: None,
        quantity: None,
        when: Some(When::Now),
        payment_method: Some("card_ok".to_owned()),
    };
    house
        .plan_changes()
        .change(&scope, &wish("professional"))
        .await
        .unwrap();
    house.plan_changes().change(&scope, &wish("starter")).await.unwrap();
    house.clock.advance(Duration::days(31));

    let report = run(&house).await;

    assert_eq!(counts(&report), (1, 1, 1, 0, 0));
    assert_eq!(
        house.gateway.charges().len(),
        1,
        "200.00 of credit are left from the first charge"
    );
    assert_eq!(invoices(&house, &made)[2], invoice("000003", "0.00", "paid"));
}

#[tokio::test]
async fn a_period_waits_for_a_plan_change_whose_charge_is_in_flight() {
    let house = House::default();
    let made = house.found("acme", "metered").await;
    house.pay_with(&made, "card_ok").await;
    let meter = code(MESSAGES);
    house
        .store
        .use_meter(made.tenant.id(), &meter, NOW + Duration::days(1), 500);
    let scope = house.owner_of(&made).await;
    house.clock.advance(Duration::days(31) - Duration::SECOND);
    house.gateway.fall_silent(true);
    let wish = ChangePlan {
        plan: "professional".to_owned(),
        cycle: None,
        quantity: None,
        when: Some(When::Now),
        payment_method: None,
    };
    let changed = house.plan_changes().change(&scope, &wish).await;
    assert!(changed.is_err(), "nobody knows what came of the charge");
    house.gateway.fall_silent(false);
    house.clock.advance(Duration::SECOND);

    let waiting = run(&house).await;
    house.clock.advance(LEFT_ALONE);
    let resumed = run(&house).await;

    assert_eq!(counts(&waiting), (0, 0, 0, 0, 0));
    assert_eq!((resumed.resumed, resumed.failed.len()), (1, 0));
    assert_eq!(subscription(&house, &made).plan().code, code("professional"));
    let book = house.store.book(made.tenant.id());
    let of_usage = |invoice: &Invoice| {
        let lines = invoice.lines().iter().map(|line| line.basis.kind());
        lines.filter(|kind| *kind == LineKind::Usage).count()
    };
    assert_eq!(
        book.invoices.iter().map(of_usage).sum::<usize>(),
        1,
        "usage is billed once"
    );
}
