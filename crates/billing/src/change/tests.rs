use tenantry_kernel::{Code, Ratio};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::invoice::LineKind;
use crate::subscription::{ScheduledChange, SubscriptionId};
use crate::testing::{flat_plan, per_unit_plan, terms};

const START: OffsetDateTime = datetime!(2026-11-01 00:00:00 UTC);
const MIDDLE: OffsetDateTime = datetime!(2026-11-16 00:00:00 UTC);

fn plan(code: &str, price: i64) -> Plan {
    flat_plan(code, price, Currency::USD).unwrap()
}

fn id() -> SubscriptionId {
    SubscriptionId::from_uuid(Uuid::from_u128(1))
}

fn active(plan: &Plan, cycle: Cycle) -> Subscription {
    let untried = Plan {
        trial_days: 0,
        ..plan.clone()
    };
    crate::start::plan_start(id(), &untried, terms(plan, cycle), Currency::USD, START)
        .unwrap()
        .subscription
}

fn trial(plan: &Plan) -> Subscription {
    Subscription::start_trial(id(), terms(plan, Cycle::Monthly), Currency::USD, 30, START).unwrap()
}

fn wish(cycle: Cycle) -> Wish {
    Wish {
        cycle,
        quantity: Quantity::ONE,
        when: None,
        has_method: true,
    }
}

fn amounts(outcome: &ChangeOutcome) -> Vec<i64> {
    outcome.lines.iter().map(|line| line.amount().amount_minor()).collect()
}

fn planned(subscription: &Subscription, from: &Plan, to: &Plan, wish: &Wish) -> ChangeOutcome {
    plan_change(subscription, from, to, wish, &Counts::none(), MIDDLE).unwrap()
}

#[test]
fn an_upgrade_in_the_same_cycle_credits_and_charges_the_rest_and_keeps_the_period() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));
    let subscription = active(&starter, Cycle::Monthly);

    let outcome = planned(&subscription, &starter, &pro, &wish(Cycle::Monthly));

    assert_eq!(outcome.kind, ChangeKind::Upgrade);
    assert_eq!(amounts(&outcome), [-1_450, 4_950]);
    let kinds: Vec<LineKind> = outcome.lines.iter().map(Basis::kind).collect();
    assert_eq!(kinds, [LineKind::ProrationCredit, LineKind::ProrationCharge]);
    assert_eq!(outcome.subscription.period(), subscription.period());
    assert_eq!(outcome.subscription.plan().code.as_str(), "pro");
    assert_eq!(outcome.subscription.prepaid().unwrap().amount.amount_minor(), 4_950);
}

#[test]
fn a_downgrade_waits_for_the_periods_end_unless_told_otherwise() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));
    let subscription = active(&pro, Cycle::Monthly);

    let later = planned(&subscription, &pro, &starter, &wish(Cycle::Monthly));
    let at_once = Wish {
        when: Some(When::Now),
        ..wish(Cycle::Monthly)
    };
    let now = planned(&subscription, &pro, &starter, &at_once);

    assert_eq!(later.kind, ChangeKind::Downgrade);
    assert_eq!(later.effect, Effect::At(subscription.period().end()));
    assert_eq!(later.lines, Vec::new());
    assert!(matches!(
        later.subscription.scheduled(),
        Some(ScheduledChange::Terms(_))
    ));
    assert_eq!(amounts(&now), [-4_950, 1_450]);
    assert_eq!(
        totals(&now.lines, Money::zero(Currency::USD)).unwrap(),
        Totals {
            subtotal: Money::new(-3_500, Currency::USD),
            credit_applied: Money::new(-3_500, Currency::USD),
            amount_due: Money::zero(Currency::USD),
        }
    );
}

#[test]
fn from_free_to_paid_a_full_period_begins_now() {
    let (free, pro) = (plan("free", 0), plan("pro", 9_900));
    let subscription = active(&free, Cycle::Monthly);

    let outcome = planned(&subscription, &free, &pro, &wish(Cycle::Monthly));

    assert_eq!(amounts(&outcome), [9_900]);
    assert_eq!(outcome.subscription.period().start(), MIDDLE);
    assert_eq!(outcome.subscription.period().end(), datetime!(2026-12-16 00:00:00 UTC));
}

#[test]
fn from_paid_to_free_now_the_rest_is_credited() {
    let (free, pro) = (plan("free", 0), plan("pro", 9_900));
    let subscription = active(&pro, Cycle::Monthly);
    let at_once = Wish {
        when: Some(When::Now),
        ..wish(Cycle::Monthly)
    };

    let outcome = planned(&subscription, &pro, &free, &at_once);

    assert_eq!(amounts(&outcome), [-4_950]);
    assert_eq!(outcome.subscription.prepaid(), None);
}

#[test]
fn a_longer_cycle_credits_the_rest_and_bills_a_fresh_year() {
    let pro = plan("pro", 9_900);
    let subscription = active(&pro, Cycle::Monthly);

    let outcome = planned(&subscription, &pro, &pro, &wish(Cycle::Yearly));

    assert_eq!(outcome.kind, ChangeKind::Upgrade);
    assert_eq!(amounts(&outcome), [-4_950, 118_800]);
    assert_eq!(outcome.subscription.period().end(), datetime!(2027-11-16 00:00:00 UTC));
}

#[test]
fn leaving_pay_as_you_go_bills_what_was_used_so_far() {
    let metered = per_unit_plan("metered", "messages", Ratio::new(1, 2).unwrap(), Currency::USD).unwrap();
    let pro = plan("pro", 9_900);
    let subscription = active(&metered, Cycle::PayAsYouGo);
    let counts = Counts::from_iter([(Code::try_from("messages").unwrap(), 301)]);

    let outcome = plan_change(&subscription, &metered, &pro, &wish(Cycle::Monthly), &counts, MIDDLE).unwrap();

    assert_eq!(amounts(&outcome), [151, 9_900]);
    assert_eq!(outcome.lines[0].kind(), LineKind::Usage);
}

#[test]
fn a_trial_with_a_payment_method_ends_and_the_full_period_is_billed() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));

    let outcome = planned(&trial(&starter), &starter, &pro, &wish(Cycle::Monthly));

    assert_eq!(amounts(&outcome), [9_900]);
    assert_eq!(outcome.subscription.status(), Status::Active);
    assert_eq!(outcome.subscription.period().start(), MIDDLE);
}

#[test]
fn a_trial_without_a_payment_method_goes_on_under_the_new_plan() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));
    let subscription = trial(&starter);
    let without = Wish {
        has_method: false,
        ..wish(Cycle::Monthly)
    };

    let outcome = planned(&subscription, &starter, &pro, &without);

    assert_eq!(outcome.lines, Vec::new());
    assert_eq!(outcome.subscription.status(), subscription.status());
    assert_eq!(outcome.subscription.plan().code.as_str(), "pro");
}

#[test]
fn a_trial_that_turns_to_a_free_plan_is_over() {
    let (starter, free) = (plan("starter", 2_900), plan("free", 0));
    let now = Wish {
        has_method: false,
        when: Some(When::Now),
        ..wish(Cycle::Monthly)
    };

    let outcome = planned(&trial(&starter), &starter, &free, &now);

    assert_eq!(outcome.lines, Vec::new());
    assert_eq!(outcome.subscription.status(), Status::Active);
}

#[test]
fn more_seats_are_an_upgrade_and_fewer_wait() {
    let mut team = plan("team", 0);
    team.prices = vec![crate::plan::Price::per_seat(
        Cycle::Monthly,
        Money::new(1_000, Currency::USD),
    )];
    let seats = |number: u32| Wish {
        quantity: Quantity::try_from(number).unwrap(),
        ..wish(Cycle::Monthly)
    };
    let two = planned(&active(&team, Cycle::Monthly), &team, &team, &seats(2));

    let three = plan_change(&two.subscription, &team, &team, &seats(3), &Counts::none(), MIDDLE).unwrap();
    let one = plan_change(&two.subscription, &team, &team, &seats(1), &Counts::none(), MIDDLE).unwrap();

    assert_eq!(amounts(&two), [-500, 1_000]);
    assert_eq!(amounts(&three), [-1_000, 1_500]);
    assert_eq!(one.kind, ChangeKind::Downgrade);
    assert_eq!(one.lines, Vec::new());
}

#[test]
fn impossible_changes_are_refused_with_their_reason() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));
    let subscription = active(&starter, Cycle::Monthly);
    let refuse = |subscription: &Subscription, to: &Plan, cycle: Cycle| {
        plan_change(subscription, &starter, to, &wish(cycle), &Counts::none(), MIDDLE).unwrap_err()
    };
    let mut cancelled = subscription.clone();
    cancelled.cancel(MIDDLE).unwrap();
    let mut behind = subscription.clone();
    behind.fall_behind(MIDDLE).unwrap();
    let yen_only = flat_plan("yen", 100, Currency::JPY).unwrap();

    for (refused, code, kind) in [
        (
            refuse(&cancelled, &pro, Cycle::Monthly),
            "subscription_cancelled",
            ErrorKind::Conflict,
        ),
        (
            refuse(&subscription, &starter, Cycle::Monthly),
            "plan_unchanged",
            ErrorKind::Conflict,
        ),
        (
            refuse(&behind, &pro, Cycle::Monthly),
            "payment_required",
            ErrorKind::PaymentRequired,
        ),
        (
            refuse(&subscription, &yen_only, Cycle::Monthly),
            "plan_not_offered",
            ErrorKind::Invalid,
        ),
    ] {
        assert_eq!((refused.code(), refused.kind()), (code, kind));
    }
}

#[test]
fn a_change_below_a_second_counts_whole_seconds() {
    let (starter, pro) = (plan("starter", 2_900), plan("pro", 9_900));
    let subscription = active(&starter, Cycle::Monthly);
    let at = |offset: Duration| {
        plan_change(
            &subscription,
            &starter,
            &pro,
            &wish(Cycle::Monthly),
            &Counts::none(),
            MIDDLE + offset,
        )
        .unwrap()
    };

    assert_eq!(at(Duration::milliseconds(999)), at(Duration::ZERO));
}
