//! Tests of the use case.

mod over_limit;
mod paying;

use tenantry_billing::change::When;
use tenantry_billing::invoice::InvoiceStatus;
use tenantry_billing::payment::{AttemptStatus, Settled};
use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::{Quantity, Status, Subscription};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{DomainError, ErrorKind, Event, Receipt, StoreError, TenantScope, Value};

use super::*;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{MESSAGES, NOW, code};

fn to(plan: &str, card: Option<&str>) -> ChangePlan {
    ChangePlan {
        plan: plan.to_owned(),
        cycle: None,
        quantity: None,
        when: None,
        payment_method: card.map(str::to_owned),
    }
}

fn receipt() -> Receipt {
    Receipt {
        operation: "subscription_upgrade",
        key: "k1".into(),
        body_digest: [1; 32],
        platform: false,
    }
}

async fn change(house: &House, made: &SignedUp, wish: &ChangePlan) -> Result<Changed, PlanChangeError> {
    let scope = house.owner_of(made).await;
    house.plan_changes().change(&scope, wish).await
}

fn subscription(house: &House, made: &SignedUp) -> Subscription {
    let book = house.store.book(made.tenant.id());
    book.subscriptions.into_iter().find(Subscription::is_live).unwrap()
}

fn entitled_to(house: &House, made: &SignedUp) -> String {
    let rows = house.store.tenant_rows(made.tenant.id());
    rows.entitlements.unwrap().plan.to_string()
}

fn lines(changed: &Changed) -> Vec<String> {
    let invoice = changed.invoice.as_ref().unwrap();
    invoice
        .lines()
        .iter()
        .map(|line| line.basis.amount().to_string())
        .collect()
}

fn change_of(event: &Event, field: &str) -> (Value, Value) {
    let change = event.changes.iter().find(|change| change.field == field).unwrap();
    (change.before.clone(), change.after.clone())
}

/// A tenant that has paid for `starter` from now on.
async fn on_starter(house: &House) -> SignedUp {
    let made = house.found("acme", "free").await;
    change(house, &made, &to("starter", Some("card_ok"))).await.unwrap();
    made
}

#[tokio::test]
async fn an_upgrade_with_a_method_ends_the_trial_and_bills_a_full_period() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    house.clock.advance(Duration::days(3));

    let changed = change(&house, &made, &to("pro", Some("card_ok"))).await.unwrap();

    assert_eq!(changed.subscription.status(), Status::Active);
    assert_eq!(changed.subscription.period().start(), NOW + Duration::days(3));
    assert_eq!(lines(&changed), ["299.00 USD"]);
    assert_eq!(changed.plan.code, code("professional"));
    let invoice = changed.invoice.unwrap();
    assert!(matches!(invoice.status(), InvoiceStatus::Paid { .. }));
    assert_eq!(invoice.number().unwrap().to_string(), "INV-000001");
    assert_eq!(entitled_to(&house, &made), "professional");
    assert_eq!(house.gateway.charges().len(), 1);
    let book = house.store.book(made.tenant.id());
    assert!(book.methods[0].is_default, "the card that paid is kept");
}

#[tokio::test]
async fn an_upgrade_without_a_method_goes_on_with_the_trial() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let ends_at = made.subscription.trial_ends_at();
    house.clock.advance(Duration::days(3));

    let changed = change(&house, &made, &to("professional", None)).await.unwrap();

    assert_eq!(changed.subscription.trial_ends_at(), ends_at);
    assert!(changed.invoice.is_none());
    assert_eq!(entitled_to(&house, &made), "professional");
    assert!(house.store.book(made.tenant.id()).invoices.is_empty());
}

#[tokio::test]
async fn from_free_to_paid_begins_a_full_period_now() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.clock.advance(Duration::days(10));

    let changed = change(&house, &made, &to("starter", Some("card_ok"))).await.unwrap();

    assert_eq!(lines(&changed), ["99.00 USD"]);
    assert_eq!(changed.subscription.period().start(), NOW + Duration::days(10));
    assert_eq!(subscription(&house, &made).plan().code, code("starter"));
}

#[tokio::test]
async fn from_free_to_paid_needs_a_method() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let commits = house.store.commits().len();

    let refused = change(&house, &made, &to("starter", None)).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::PaymentRequired, "payment_required")
    );
    assert_eq!(house.store.commits().len(), commits);
    assert_eq!(entitled_to(&house, &made), "free");
}

#[tokio::test]
async fn between_paid_plans_the_rest_is_credited_and_charged_as_the_preview_said() {
    let house = House::default();
    let made = on_starter(&house).await;
    house.clock.advance(Duration::hours(31 * 12));
    let scope = house.owner_of(&made).await;
    let wish = to("professional", None);

    let preview = house.plan_changes().preview(&scope, &wish).await.unwrap();
    let commits = house.store.commits().len();
    let changed = house.plan_changes().change(&scope, &wish).await.unwrap();

    assert_eq!(lines(&changed), ["-49.50 USD", "149.50 USD"]);
    let invoice = changed.invoice.unwrap();
    let billed: Vec<_> = invoice.lines().iter().map(|line| line.basis.clone()).collect();
    assert_eq!(billed, preview.outcome.lines);
    assert_eq!(invoice.amount_due(), preview.totals.amount_due);
    assert_eq!(invoice.subtotal(), preview.totals.subtotal);
    assert_eq!(changed.subscription.period(), preview.outcome.subscription.period());
    assert_eq!(changed.subscription.terms(), preview.outcome.subscription.terms());
    assert_eq!(commits, 3, "a preview writes nothing");
}

#[tokio::test]
async fn another_cycle_credits_the_rest_and_begins_anew() {
    let house = House::default();
    let made = on_starter(&house).await;
    house.clock.advance(Duration::hours(31 * 12));
    let yearly = ChangePlan {
        cycle: Some(Cycle::Yearly),
        ..to("starter", None)
    };

    let changed = change(&house, &made, &yearly).await.unwrap();

    assert_eq!(lines(&changed), ["-49.50 USD", "1188.00 USD"]);
    assert_eq!(changed.subscription.period().start(), NOW + Duration::hours(31 * 12));
}

#[tokio::test]
async fn a_downgrade_waits_for_the_end_of_the_period() {
    let house = House::default();
    let made = on_starter(&house).await;

    let changed = change(&house, &made, &to("free", None)).await.unwrap();

    assert_eq!(changed.plan.code, code("starter"));
    assert!(changed.invoice.is_none() && changed.subscription.scheduled().is_some());
    assert_eq!(entitled_to(&house, &made), "starter");
    let event = house.store.events().pop().unwrap();
    assert_eq!(event.action, "subscription.change_scheduled");
    assert_eq!(change_of(&event, "scheduled_plan"), (Value::Null, "free".into()));
    assert_eq!(change_of(&event, "at").1, changed.subscription.period().end().into());
}

#[tokio::test]
async fn a_downgrade_now_leaves_credit_that_the_next_change_uses() {
    let house = House::default();
    let made = on_starter(&house).await;
    let now = ChangePlan {
        when: Some(When::Now),
        ..to("free", None)
    };

    let down = change(&house, &made, &now).await.unwrap();
    let credit = house.store.book(made.tenant.id()).account.unwrap().credit();
    let up = change(&house, &made, &to("starter", None)).await.unwrap();

    assert_eq!(down.invoice.unwrap().subtotal().to_string(), "-99.00 USD");
    assert_eq!(credit.to_string(), "99.00 USD");
    assert_eq!(up.invoice.unwrap().amount_due().to_string(), "0.00 USD");
    assert_eq!(house.gateway.charges().len(), 1, "credit pays the second time");
    assert_eq!(entitled_to(&house, &made), "starter");
}

#[tokio::test]
async fn what_is_not_sold_or_not_new_is_refused() {
    let house = House::default();
    let made = on_starter(&house).await;

    let hidden = change(&house, &made, &to("enterprise", None)).await.unwrap_err();
    let unchanged = change(&house, &made, &to("starter", None)).await.unwrap_err();
    let by_use = ChangePlan {
        cycle: Some(Cycle::PayAsYouGo),
        ..to("team", None)
    };
    let not_offered = change(&house, &made, &by_use).await.unwrap_err();
    let foreign = change(&house, &made, &to("team", Some("sepa_1"))).await.unwrap_err();

    assert_eq!(
        (hidden.kind(), hidden.fields()[0].code),
        (ErrorKind::Invalid, "unknown_plan")
    );
    assert_eq!(
        (unchanged.kind(), unchanged.code()),
        (ErrorKind::Conflict, "plan_unchanged")
    );
    assert_eq!(not_offered.fields()[0].field, "billing_cycle");
    assert_eq!(foreign.fields()[0].field, "payment_method");
}

#[tokio::test]
async fn an_operator_may_choose_any_plan() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let operator = house.platform(PlatformRole::Operator);
    let (user, session) = (
        operator.principal().user().unwrap(),
        operator.principal().session().unwrap(),
    );
    let gate = house.gate();
    let scope = gate
        .enter_operator(made.tenant.id(), user, session, false, operator.origin().clone())
        .await
        .unwrap();

    let changed = house
        .plan_changes()
        .change(&scope, &to("enterprise", None))
        .await
        .unwrap();

    assert_eq!(changed.plan.code, code("enterprise"));
}

#[tokio::test]
async fn without_permission_nothing_is_opened() {
    let house = House::default();
    house.found("acme", "free").await;
    let stranger = TenantScope::for_test(1, &[]);
    let commits = house.store.commits().len();
    house
        .store
        .fail_begin(StoreError::Unavailable("must not be reached".into()));
    let service = house.plan_changes();

    let wish = to("starter", None);
    let refusals = [
        service.change(&stranger, &wish).await.map(|_| ()).unwrap_err(),
        service.preview(&stranger, &wish).await.map(|_| ()).unwrap_err(),
        service.overview(&stranger).await.map(|_| ()).unwrap_err(),
        service.resume(&stranger).await.map(|_| ()).unwrap_err(),
    ];

    assert!(refusals.iter().all(|refusal| refusal.code() == "permission_denied"));
    assert_eq!(house.store.commits().len(), commits);
}

#[tokio::test]
async fn what_was_counted_is_billed_when_the_plan_begins_to_bill_in_advance() {
    let house = House::default();
    let made = house.found("acme", "metered").await;
    house
        .store
        .use_meter(made.tenant.id(), &code(MESSAGES), NOW + Duration::HOUR, 4);
    house.clock.advance(Duration::days(1));
    let now = ChangePlan {
        when: Some(When::Now),
        ..to("starter", Some("card_ok"))
    };

    let changed = change(&house, &made, &now).await.unwrap();

    assert_eq!(lines(&changed), ["6.00 USD", "99.00 USD"]);
}

#[tokio::test]
async fn billing_stands_on_one_page() {
    let house = House::default();
    let made = on_starter(&house).await;
    let scope = house.owner_of(&made).await;
    let seats = ChangePlan {
        quantity: Some(Quantity::try_from(3).unwrap()),
        ..to("starter", None)
    };
    change(&house, &made, &seats).await.unwrap();

    let overview = house.plan_changes().overview(&scope).await.unwrap();

    assert_eq!(overview.plan.code, code("starter"));
    assert_eq!(overview.subscription.quantity().get(), 3);
    assert_eq!(
        overview.price.unwrap().to_string(),
        "99.00 USD",
        "a flat price has no seats"
    );
    assert!(overview.default_method.is_some());
}
