use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::plan::{Cycle, Price};
use crate::subscription::{Quantity, SubscriptionId, Terms};
use crate::testing::{flat_plan, per_unit_plan, terms};

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00 UTC);

fn active(plan: &Plan, cycle: Cycle) -> Subscription {
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    Subscription::start_active(id, terms(plan, cycle), Currency::USD, None, NOW).unwrap()
}

/// The book of S1: so many starters, professionals and enterprises, all monthly.
fn book(starters: u32, professionals: u32, enterprises: u32) -> Mrr {
    let mut mrr = Mrr::default();
    for (code, price, subscribers) in [
        ("starter", 9_900, starters),
        ("professional", 29_900, professionals),
        ("enterprise", 99_900, enterprises),
    ] {
        let plan = flat_plan(code, price, Currency::USD).unwrap();
        for _ in 0..subscribers {
            mrr.add(of(&active(&plan, Cycle::Monthly), &plan).unwrap()).unwrap();
        }
    }
    mrr
}

#[test]
fn the_projections_of_the_reference_system_are_reproduced() {
    for (starters, professionals, enterprises, monthly) in [
        (10, 5, 0, "2485.00 USD"),
        (30, 20, 5, "13945.00 USD"),
        (100, 50, 10, "34840.00 USD"),
        (300, 150, 50, "124500.00 USD"),
    ] {
        let mrr = book(starters, professionals, enterprises);
        assert_eq!(mrr.monthly().unwrap()[0].to_string(), monthly);
    }
    assert_eq!(book(30, 20, 5).annual().unwrap()[0].to_string(), "167340.00 USD");
    assert_eq!(book(300, 150, 50).annual().unwrap()[0].to_string(), "1494000.00 USD");
}

#[test]
fn a_yearly_price_counts_an_exact_twelfth_so_that_a_year_is_whole_again() {
    let mut plan = flat_plan("pro", 0, Currency::USD).unwrap();
    plan.prices = vec![Price::flat(Cycle::Yearly, Money::new(10_000, Currency::USD))];
    let mut mrr = Mrr::default();

    mrr.add(of(&active(&plan, Cycle::Yearly), &plan).unwrap()).unwrap();

    assert_eq!(mrr.monthly().unwrap()[0].to_string(), "8.33 USD");
    assert_eq!(mrr.annual().unwrap()[0].to_string(), "100.00 USD");
}

#[test]
fn trials_and_cancelled_subscriptions_add_nothing_and_past_due_ones_still_count() {
    let plan = flat_plan("pro", 9_900, Currency::USD).unwrap();
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    let trial = Subscription::start_trial(id, terms(&plan, Cycle::Monthly), Currency::USD, 14, NOW).unwrap();
    let mut behind = active(&plan, Cycle::Monthly);
    behind.fall_behind(NOW).unwrap();
    let mut over = active(&plan, Cycle::Monthly);
    over.cancel(NOW).unwrap();

    assert_eq!(of(&trial, &plan).unwrap().0, Ratio::ZERO);
    assert_eq!(of(&over, &plan).unwrap().0, Ratio::ZERO);
    assert_eq!(of(&behind, &plan).unwrap().0, Ratio::whole(9_900));
}

#[test]
fn seats_count_each_and_counted_units_not_at_all() {
    let mut seats = flat_plan("team", 0, Currency::USD).unwrap();
    seats.prices = vec![Price::per_seat(Cycle::Monthly, Money::new(500, Currency::USD))];
    let seven = Terms {
        quantity: Quantity::try_from(7).unwrap(),
        ..terms(&seats, Cycle::Monthly)
    };
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    let team = Subscription::start_active(id, seven, Currency::USD, None, NOW).unwrap();
    let counted = per_unit_plan("basic", "units", Ratio::whole(200), Currency::USD).unwrap();

    assert_eq!(of(&team, &seats).unwrap().0, Ratio::whole(3_500));
    assert_eq!(of(&active(&counted, Cycle::Monthly), &counted).unwrap().0, Ratio::ZERO);
}
