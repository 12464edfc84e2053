use proptest::prelude::*;
use tenantry_kernel::Money;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::change::{ChangeOutcome, When, Wish, plan_change};
use crate::plan::Cycle;
use crate::subscription::{Quantity, SubscriptionId};
use crate::testing::{flat_plan, per_unit_plan, terms};

const START: OffsetDateTime = datetime!(2026-11-01 00:00:00 UTC);

fn subscribed(plan: &Plan, cycle: Cycle, currency: Currency) -> (Subscription, i64) {
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    let started = crate::start::plan_start(
        id,
        &Plan {
            trial_days: 0,
            ..plan.clone()
        },
        terms(plan, cycle),
        currency,
        START,
    )
    .unwrap();
    let billed = started.lines.iter().map(|line| line.amount().amount_minor()).sum();
    (started.subscription, billed)
}

fn change(subscription: &Subscription, from: &Plan, to: &Plan, cycle: Cycle, at: OffsetDateTime) -> ChangeOutcome {
    let wish = Wish {
        cycle,
        quantity: Quantity::ONE,
        when: Some(When::Now),
        has_method: true,
    };
    plan_change(subscription, from, to, &wish, &Counts::none(), at).unwrap()
}

fn sum(lines: &[Basis]) -> i64 {
    lines.iter().map(|line| line.amount().amount_minor()).sum()
}

#[test]
fn half_a_month_of_yen_is_credited_and_charged_without_decimals() {
    let starter = flat_plan("starter", 29_800, Currency::JPY).unwrap();
    let standard = flat_plan("standard", 49_800, Currency::JPY).unwrap();
    let (subscription, _) = subscribed(&starter, Cycle::Monthly, Currency::JPY);

    let outcome = change(
        &subscription,
        &starter,
        &standard,
        Cycle::Monthly,
        datetime!(2026-11-16 00:00:00 UTC),
    );

    let amounts: Vec<String> = outcome.lines.iter().map(|line| line.amount().to_string()).collect();
    assert_eq!(amounts, ["-14900 JPY", "24900 JPY"]);
}

#[test]
fn a_third_of_an_odd_price_credits_exactly_what_is_not_kept() {
    let odd = flat_plan("odd", 1_000, Currency::USD).unwrap();
    let (subscription, billed) = subscribed(&odd, Cycle::Monthly, Currency::USD);

    let credit = unused(&subscription, &odd, START + Duration::days(10))
        .unwrap()
        .unwrap();

    // 1,000 × 1/3 = 333.33…, kept 333, credited 667.
    assert_eq!(credit.amount().amount_minor(), 333 - billed);
    assert_eq!(credit.recompute().unwrap(), credit.amount());
}

#[test]
fn a_rest_of_no_length_is_zero() {
    let plan = flat_plan("pro", 9_900, Currency::USD).unwrap();
    let (subscription, _) = subscribed(&plan, Cycle::Monthly, Currency::USD);

    assert_eq!(unused(&subscription, &plan, subscription.period().end()).unwrap(), None);
}

#[test]
fn units_finer_than_a_cent_are_rounded_once_per_line() {
    let unit_price = Ratio::from_decimal("0.05").unwrap();
    let plan = per_unit_plan("basic", "messages", unit_price, Currency::USD).unwrap();
    let (subscription, billed) = subscribed(&plan, Cycle::Monthly, Currency::USD);
    let meter = Code::try_from("messages").unwrap();
    let period = subscription.period();

    let lines = in_arrears(
        &plan,
        subscription.terms(),
        Currency::USD,
        &Counts::from_iter([(meter, 30)]),
        (period, period.end()),
    )
    .unwrap();

    assert_eq!(billed, 0);
    assert_eq!(sum(&lines), 2); // 0.05 ¢ × 30 = 1.5 ¢
}

/// What the tenant should have paid: each plan for the seconds it was in force, rounded once per stay.
struct Ledger {
    kept: i64,
    billed: i64,
}

impl Ledger {
    fn keep(&mut self, plan: &Plan, subscription: &Subscription, from: OffsetDateTime, to: OffsetDateTime) {
        let cycle = subscription.cycle();
        let Some(price) = plan.advance_price(cycle, subscription.currency()) else {
            return;
        };
        let exact = price
            .unit_price_minor()
            .times(subscription.period().fraction(from, to))
            .unwrap();
        self.kept += Money::rounded(exact, subscription.currency()).unwrap().amount_minor();
    }
}

proptest! {
    #[test]
    fn many_changes_within_a_period_never_lose_or_create_a_minor_unit(
        prices in prop::collection::vec(prop_oneof![1 => Just(0_i64), 4 => 1_i64..1_000_000], 2..6),
        steps in prop::collection::vec((0_usize..6, 0_i64..700_000, any::<bool>()), 1..25),
        yen in any::<bool>(),
    ) {
        let currency = if yen { Currency::JPY } else { Currency::USD };
        let plans: Vec<Plan> = prices
            .iter()
            .enumerate()
            .map(|(number, price)| flat_plan(&format!("p{number}"), *price, currency).unwrap())
            .collect();
        let mut current = &plans[0];
        let (mut subscription, billed) = subscribed(current, Cycle::Monthly, currency);
        let mut ledger = Ledger { kept: 0, billed };
        let mut since = START;
        let mut now = START;
        for (wanted, seconds, yearly) in steps {
            now += Duration::seconds(seconds);
            if subscription.is_due(now) {
                break;
            }
            let cycle = if yearly { Cycle::Yearly } else { Cycle::Monthly };
            let next = &plans[wanted % plans.len()];
            if next.code == current.code && cycle == subscription.cycle() {
                continue;
            }
            ledger.keep(current, &subscription, since, now);
            let outcome = change(&subscription, current, next, cycle, now);
            for line in &outcome.lines {
                prop_assert_eq!(line.recompute().unwrap(), line.amount());
            }
            ledger.billed += sum(&outcome.lines);
            subscription = outcome.subscription;
            current = next;
            since = now;
        }
        ledger.keep(current, &subscription, since, subscription.period().end());
        prop_assert_eq!(ledger.billed, ledger.kept);
    }

    #[test]
    fn a_credit_is_never_more_than_what_was_billed(price in 1_i64..10_000_000, seconds in 0_i64..2_592_000) {
        let plan = flat_plan("pro", price, Currency::USD).unwrap();
        let (subscription, billed) = subscribed(&plan, Cycle::Monthly, Currency::USD);

        let credit = unused(&subscription, &plan, START + Duration::seconds(seconds)).unwrap();

        let credited = credit.map_or(0, |line| -line.amount().amount_minor());
        prop_assert!((0..=billed).contains(&credited));
    }
}
