use tenantry_kernel::{Code, Currency, Ratio};
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::plan::{Cycle, Price};
use crate::subscription::{Status, SubscriptionId};
use crate::testing::{flat_plan, per_unit_plan, terms};

const START: OffsetDateTime = datetime!(2026-01-31 09:00:00 UTC);

fn pro() -> Plan {
    flat_plan("pro", 9_900, Currency::USD).unwrap()
}

fn active(plan: &Plan, cycle: Cycle) -> Subscription {
    let untried = Plan {
        trial_days: 0,
        ..plan.clone()
    };
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    crate::start::plan_start(id, &untried, terms(plan, cycle), Currency::USD, START)
        .unwrap()
        .subscription
}

fn amounts(renewal: &Renewal) -> Vec<i64> {
    renewal.lines.iter().map(|line| line.amount().amount_minor()).collect()
}

/// Renews as often as is due.
fn renew_all(mut subscription: Subscription, plan_version: &Plan, now: OffsetDateTime) -> (Subscription, Vec<Renewal>) {
    let mut renewals = Vec::new();
    while let Some(renewal) = plan(&subscription, plan_version, plan_version, &Counts::none(), now).unwrap() {
        subscription = renewal.subscription.clone();
        renewals.push(renewal);
    }
    (subscription, renewals)
}

#[test]
fn nothing_is_due_while_the_period_lasts() {
    let subscription = active(&pro(), Cycle::Monthly);
    let last_second = datetime!(2026-02-28 08:59:59 UTC);

    let renewal = plan(&subscription, &pro(), &pro(), &Counts::none(), last_second).unwrap();

    assert_eq!(renewal, None);
}

#[test]
fn a_late_run_bills_every_period_once_and_in_order() {
    let subscription = active(&pro(), Cycle::Monthly);

    let (after, renewals) = renew_all(subscription, &pro(), datetime!(2026-05-31 09:00:00 UTC));

    let ends: Vec<u8> = renewals.iter().map(|renewal| renewal.ended.end().day()).collect();
    assert_eq!(ends, [28, 31, 30, 31]);
    assert!(renewals.iter().all(|renewal| amounts(renewal) == [9_900]));
    assert_eq!(after.period().end(), datetime!(2026-06-30 09:00:00 UTC));
}

#[test]
fn a_year_of_months_and_a_year_bill_the_same() {
    let now = datetime!(2027-01-31 08:59:59 UTC);

    let (_, months) = renew_all(active(&pro(), Cycle::Monthly), &pro(), now);
    let (_, years) = renew_all(active(&pro(), Cycle::Yearly), &pro(), now);

    // The first of each was billed when it started.
    assert_eq!(months.len(), 11);
    assert_eq!(years.len(), 0);
    assert_eq!(
        active(&pro(), Cycle::Yearly).prepaid().unwrap().amount.amount_minor(),
        12 * 9_900
    );
}

#[test]
fn a_trial_converts_by_itself_at_its_end() {
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    let trial = Subscription::start_trial(id, terms(&pro(), Cycle::Monthly), Currency::USD, 14, START).unwrap();
    let ends_at = trial.period().end();

    let renewal = plan(&trial, &pro(), &pro(), &Counts::none(), ends_at).unwrap().unwrap();

    assert_eq!(renewal.kind, RenewalKind::Converted);
    assert_eq!(amounts(&renewal), [9_900]);
    assert_eq!(renewal.subscription.status(), Status::Active);
    assert_eq!(renewal.subscription.period().start(), ends_at);
    assert_eq!(renewal.subscription.period().end(), datetime!(2026-03-14 09:00:00 UTC));
}

#[test]
fn a_scheduled_downgrade_begins_with_the_next_period() {
    let starter = flat_plan("starter", 2_900, Currency::USD).unwrap();
    let mut subscription = active(&pro(), Cycle::Monthly);
    subscription.schedule(terms(&starter, Cycle::Monthly)).unwrap();
    assert_eq!(next_plan(&subscription).code.as_str(), "starter");

    let due = subscription.period().end();
    let renewal = plan(&subscription, &pro(), &starter, &Counts::none(), due)
        .unwrap()
        .unwrap();

    assert_eq!(amounts(&renewal), [2_900]);
    assert_eq!(renewal.subscription.plan().code.as_str(), "starter");
    assert_eq!(renewal.subscription.scheduled(), None);
    // The anchor stays: 31 January, 28 February, 31 March.
    assert_eq!(renewal.subscription.period().end(), datetime!(2026-03-31 09:00:00 UTC));
}

#[test]
fn a_scheduled_cancellation_ends_it_and_bills_nothing_in_advance() {
    let mut subscription = active(&pro(), Cycle::Monthly);
    subscription.cancel_at_period_end().unwrap();
    let due = subscription.period().end();

    let renewal = plan(&subscription, &pro(), &pro(), &Counts::none(), due)
        .unwrap()
        .unwrap();

    assert_eq!(renewal.kind, RenewalKind::Ended);
    assert_eq!(renewal.lines, Vec::new());
    assert_eq!(renewal.subscription.status(), Status::Cancelled { at: due });
    assert_eq!(
        plan(&renewal.subscription, &pro(), &pro(), &Counts::none(), due).unwrap(),
        None
    );
}

#[test]
fn units_counted_in_a_period_are_billed_when_it_is_over_also_the_last_one() {
    let units = Code::try_from("units").unwrap();
    let basic = per_unit_plan("basic", "units", Ratio::whole(150), Currency::USD).unwrap();
    let mut subscription = active(&basic, Cycle::Monthly);
    let counts = Counts::from_iter([(units, 40)]);
    let due = subscription.period().end();

    let renewed = plan(&subscription, &basic, &basic, &counts, due).unwrap().unwrap();
    subscription.cancel_at_period_end().unwrap();
    let ended = plan(&subscription, &basic, &basic, &counts, due).unwrap().unwrap();

    assert_eq!(amounts(&renewed), [6_000]);
    assert_eq!(renewed.lines[0].period(), renewed.ended);
    assert_eq!(amounts(&ended), [6_000]);
    assert_eq!(ended.purpose(), Purpose::Renewal { period: ended.ended });
}

#[test]
fn pay_as_you_go_bills_its_base_fee_and_its_units_in_arrears() {
    let mut metered = per_unit_plan("metered", "messages", Ratio::ONE, Currency::USD).unwrap();
    metered.prices.push(Price::flat(
        Cycle::PayAsYouGo,
        tenantry_kernel::Money::new(500, Currency::USD),
    ));
    let subscription = active(&metered, Cycle::PayAsYouGo);
    let counts = Counts::from_iter([(Code::try_from("messages").unwrap(), 70)]);

    let renewal = plan(&subscription, &metered, &metered, &counts, subscription.period().end())
        .unwrap()
        .unwrap();

    assert_eq!(subscription.prepaid(), None);
    assert_eq!(amounts(&renewal), [70, 500]);
}

#[test]
fn a_free_plan_renews_without_an_invoice() {
    let free = flat_plan("free", 0, Currency::USD).unwrap();
    let subscription = active(&free, Cycle::Monthly);

    let renewal = plan(
        &subscription,
        &free,
        &free,
        &Counts::none(),
        subscription.period().end(),
    )
    .unwrap()
    .unwrap();

    assert_eq!(renewal.kind, RenewalKind::Renewed);
    assert_eq!(renewal.lines, Vec::new());
}
