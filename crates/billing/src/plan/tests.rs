use super::*;
use crate::testing::{flat_plan, per_unit_plan};

#[test]
fn cycles_are_written_and_read_alike() {
    for cycle in [Cycle::PayAsYouGo, Cycle::Monthly, Cycle::Yearly] {
        assert_eq!(Cycle::try_from(cycle.as_str()), Ok(cycle));
    }
    assert_eq!(Cycle::try_from("weekly"), Err(UnknownCycle));
    assert!(Cycle::PayAsYouGo < Cycle::Monthly && Cycle::Monthly < Cycle::Yearly);
}

#[test]
fn counted_units_and_pay_as_you_go_are_billed_in_arrears() {
    let meter = Code::try_from("units").unwrap();
    let dollar = Money::new(100, Currency::USD);

    assert!(Price::per_unit(Cycle::Monthly, Currency::USD, meter, Ratio::ONE).in_arrears());
    assert!(Price::flat(Cycle::PayAsYouGo, dollar).in_arrears());
    assert!(!Price::flat(Cycle::Monthly, dollar).in_arrears());
    assert!(!Price::per_seat(Cycle::Yearly, dollar).in_arrears());
}

#[test]
fn a_plan_is_offered_where_it_has_a_price_and_everywhere_when_it_has_none() {
    let paid = flat_plan("pro", 9_900, Currency::USD).unwrap();
    let custom = Plan {
        prices: Vec::new(),
        ..paid.clone()
    };

    assert!(paid.is_offered(Cycle::Yearly, Currency::USD));
    assert!(!paid.is_offered(Cycle::Yearly, Currency::JPY));
    assert!(custom.is_offered(Cycle::Yearly, Currency::JPY));
}

#[test]
fn a_free_plan_has_no_price_above_zero() {
    let free = flat_plan("free", 0, Currency::USD).unwrap();
    let counted = per_unit_plan("basic", "units", Ratio::ONE, Currency::USD).unwrap();

    assert!(free.is_free(Cycle::Monthly, Currency::USD));
    assert_eq!(free.advance_price(Cycle::Monthly, Currency::USD), None);
    assert!(!counted.is_free(Cycle::Monthly, Currency::USD));
    assert_eq!(counted.advance_price(Cycle::Monthly, Currency::USD), None);
}

#[test]
fn two_prices_in_advance_are_refused_and_so_are_negative_ones() {
    let dollar = Money::new(100, Currency::USD);
    let mut plan = flat_plan("pro", 9_900, Currency::USD).unwrap();
    assert_eq!(plan.check(), Ok(()));

    plan.prices.push(Price::per_seat(Cycle::Monthly, dollar));
    assert!(matches!(plan.check(), Err(InvalidPlan::TwoAdvancePrices { .. })));

    plan.prices = vec![Price::flat(Cycle::Monthly, Money::new(-1, Currency::USD))];
    assert!(matches!(plan.check(), Err(InvalidPlan::NegativePrice { .. })));
}

#[test]
fn a_counted_unit_may_join_a_price_in_advance() {
    let meter = Code::try_from("messages").unwrap();
    let mut plan = flat_plan("pro", 9_900, Currency::USD).unwrap();

    plan.prices
        .push(Price::per_unit(Cycle::Monthly, Currency::USD, meter, Ratio::ONE));

    assert_eq!(plan.check(), Ok(()));
    assert_eq!(plan.arrears_prices(Cycle::Monthly, Currency::USD).count(), 1);
}
