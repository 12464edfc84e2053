use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::plan::Plan;
use crate::testing::{flat_plan, terms};

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00.25 UTC);

fn plan() -> Plan {
    flat_plan("pro", 9_900, Currency::USD).unwrap()
}

fn id() -> SubscriptionId {
    SubscriptionId::from_uuid(Uuid::from_u128(1))
}

fn active() -> Subscription {
    let prepaid = Some(Money::new(9_900, Currency::USD));
    Subscription::start_active(id(), terms(&plan(), Cycle::Monthly), Currency::USD, prepaid, NOW).unwrap()
}

fn parts(status: Status) -> Parts {
    let subscription = active();
    Parts {
        id: subscription.id(),
        terms: subscription.terms().clone(),
        currency: subscription.currency(),
        status,
        period: subscription.period(),
        anchor: subscription.anchor(),
        prepaid: subscription.prepaid(),
        scheduled: None,
        created_at: subscription.created_at(),
        version: 3,
    }
}

#[test]
fn quantities_are_from_one_to_a_million() {
    assert!(Quantity::try_from(1).is_ok());
    assert!(Quantity::try_from(1_000_000).is_ok());
    assert_eq!(Quantity::try_from(0), Err(QuantityOutOfRange));
    assert_eq!(Quantity::try_from(1_000_001), Err(QuantityOutOfRange));
}

#[test]
fn a_trial_is_one_period_that_ends_with_it_and_anchors_what_follows() {
    let trial = Subscription::start_trial(id(), terms(&plan(), Cycle::Monthly), Currency::USD, 14, NOW).unwrap();

    let ends_at = datetime!(2026-12-05 02:00:00 UTC);
    assert_eq!(trial.trial_ends_at(), Some(ends_at));
    assert_eq!(trial.period().end(), ends_at);
    assert_eq!(trial.anchor().instant(), ends_at);
    assert!(!trial.is_due(ends_at - Duration::SECOND));
    assert!(trial.is_due(ends_at));
}

#[test]
fn a_trial_of_no_days_is_none() {
    let none = Subscription::start_trial(id(), terms(&plan(), Cycle::Monthly), Currency::USD, 0, NOW);

    assert_eq!(none, Err(BeyondCalendar));
}

#[test]
fn a_cancellation_at_the_periods_end_can_be_undone_until_then() {
    let mut subscription = active();

    subscription.cancel_at_period_end().unwrap();
    assert_eq!(
        subscription.cancel_at_period_end(),
        Err(SubscriptionRule::AlreadyCancelling)
    );
    assert_eq!(subscription.resume(), Ok(ScheduledChange::Cancellation));

    assert_eq!(subscription.scheduled(), None);
    assert_eq!(subscription.resume(), Err(SubscriptionRule::NothingScheduled));
}

#[test]
fn the_newer_wish_replaces_what_was_scheduled() {
    let mut subscription = active();
    let other = terms(&flat_plan("free", 0, Currency::USD).unwrap(), Cycle::Monthly);

    subscription.cancel_at_period_end().unwrap();
    subscription.schedule(other.clone()).unwrap();

    assert_eq!(subscription.scheduled(), Some(&ScheduledChange::Terms(other)));
}

#[test]
fn nothing_changes_a_cancelled_subscription() {
    let mut subscription = active();
    subscription.cancel(NOW).unwrap();
    let before = subscription.clone();

    assert_eq!(subscription.cancel(NOW), Err(SubscriptionRule::Cancelled));
    assert_eq!(subscription.cancel_at_period_end(), Err(SubscriptionRule::Cancelled));
    assert_eq!(subscription.resume(), Err(SubscriptionRule::Cancelled));
    assert_eq!(
        subscription.schedule(before.terms().clone()),
        Err(SubscriptionRule::Cancelled)
    );
    assert_eq!(subscription.fall_behind(NOW), Err(SubscriptionRule::Cancelled));
    assert!(!subscription.catch_up());
    assert_eq!(subscription, before);
    assert!(!subscription.is_due(datetime!(2030-01-01 00:00:00 UTC)));
}

#[test]
fn falling_behind_keeps_the_first_failures_time_until_all_is_paid() {
    let mut subscription = active();

    subscription.fall_behind(NOW).unwrap();
    subscription.fall_behind(NOW + Duration::DAY).unwrap();
    assert_eq!(subscription.status(), Status::PastDue { since: NOW });

    assert!(subscription.catch_up());
    assert_eq!(subscription.status(), Status::Active);
    assert!(!subscription.catch_up());
}

#[test]
fn a_renewal_does_not_heal_a_subscription_that_is_behind() {
    let mut subscription = active();
    subscription.fall_behind(NOW).unwrap();
    let end = subscription.period().end();
    let transition = Transition {
        at: end,
        terms: subscription.terms().clone(),
        trialing: false,
        period: subscription.anchor().period_from(end, Cycle::Monthly).unwrap(),
        anchor: subscription.anchor(),
        prepaid: None,
        counted: None,
    };

    subscription.apply(&transition).unwrap();

    assert_eq!(subscription.status(), Status::PastDue { since: NOW });
}

#[test]
fn stored_parts_that_contradict_each_other_are_refused() {
    let wrong_end = parts(Status::Trialing { ends_at: NOW });
    assert_eq!(Subscription::restore(wrong_end), Err(BrokenSubscription::TrialEnd));

    let mut wrong_currency = parts(Status::Active);
    wrong_currency.currency = Currency::JPY;
    assert_eq!(Subscription::restore(wrong_currency), Err(BrokenSubscription::Currency));

    let mut after_the_end = parts(Status::Cancelled { at: NOW });
    after_the_end.scheduled = Some(ScheduledChange::Cancellation);
    assert_eq!(Subscription::restore(after_the_end), Err(BrokenSubscription::Scheduled));

    assert_eq!(Subscription::restore(parts(Status::Active)).unwrap().version(), 3);
}
