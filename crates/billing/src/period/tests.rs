use proptest::prelude::*;
use time::Duration;
use time::macros::datetime;

use super::*;

#[test]
fn day_31_is_derived_from_the_anchor_each_month() {
    let anchor = Anchor::at(datetime!(2026-01-31 09:30:00 UTC));
    let expected = [
        datetime!(2026-02-28 09:30:00 UTC),
        datetime!(2026-03-31 09:30:00 UTC),
        datetime!(2026-04-30 09:30:00 UTC),
        datetime!(2026-05-31 09:30:00 UTC),
    ];
    let mut start = anchor.instant();

    for end in expected {
        let period = anchor.period_from(start, Cycle::Monthly).unwrap();
        assert_eq!(period.end(), end);
        start = period.end();
    }
}

#[test]
fn a_start_on_30_april_under_anchor_31_renews_on_31_may() {
    let anchor = Anchor::at(datetime!(2026-03-31 00:00:00 UTC));

    let period = anchor
        .period_from(datetime!(2026-04-30 00:00:00 UTC), Cycle::Monthly)
        .unwrap();

    assert_eq!(period.end(), datetime!(2026-05-31 00:00:00 UTC));
}

#[test]
fn february_has_29_days_in_leap_years() {
    let anchor = Anchor::at(datetime!(2028-01-31 00:00:00 UTC));

    let period = anchor.period_from(anchor.instant(), Cycle::Monthly).unwrap();

    assert_eq!(period.end(), datetime!(2028-02-29 00:00:00 UTC));
}

#[test]
fn a_year_from_29_february_ends_on_28_and_comes_back_to_29() {
    let anchor = Anchor::at(datetime!(2024-02-29 12:00:00 UTC));
    let mut start = anchor.instant();
    let mut ends = Vec::new();

    for _ in 0..4 {
        start = anchor.period_from(start, Cycle::Yearly).unwrap().end();
        ends.push((start.year(), start.day()));
    }

    assert_eq!(ends, [(2025, 28), (2026, 28), (2027, 28), (2028, 29)]);
}

#[test]
fn a_start_between_two_boundaries_makes_a_short_period() {
    let anchor = Anchor::at(datetime!(2026-01-15 00:00:00 UTC));

    let after = anchor
        .period_from(datetime!(2026-03-20 00:00:00 UTC), Cycle::Monthly)
        .unwrap();
    let before_anchor = anchor
        .period_from(datetime!(2025-12-20 00:00:00 UTC), Cycle::Monthly)
        .unwrap();

    assert_eq!(after.end(), datetime!(2026-04-15 00:00:00 UTC));
    assert_eq!(before_anchor.end(), anchor.instant());
}

#[test]
fn fractions_are_by_second_and_stay_within_the_period() {
    let period = Period::new(datetime!(2026-11-01 00:00:00 UTC), datetime!(2026-12-01 00:00:00 UTC)).unwrap();
    let middle = datetime!(2026-11-16 00:00:00 UTC);

    assert_eq!(period.fraction(middle, period.end()), Ratio::new(1, 2).unwrap());
    assert_eq!(period.fraction(period.start(), period.end()), Ratio::ONE);
    assert_eq!(period.fraction(period.end(), period.start()), Ratio::ZERO);
    assert_eq!(
        period.fraction(datetime!(2020-01-01 00:00:00 UTC), datetime!(2030-01-01 00:00:00 UTC)),
        Ratio::ONE
    );
    assert_eq!(
        period.fraction(period.start(), datetime!(2026-11-01 00:00:01.9 UTC)),
        Ratio::new(1, 2_592_000).unwrap()
    );
}

#[test]
fn an_empty_period_does_not_exist() {
    let at = datetime!(2026-11-01 00:00:00 UTC);

    assert_eq!(Period::new(at, at), Err(EmptyPeriod));
    assert_eq!(Period::new(at, at - Duration::seconds(1)), Err(EmptyPeriod));
    assert_eq!(Period::new(at, at + Duration::milliseconds(999)), Err(EmptyPeriod));
}

proptest! {
    #[test]
    fn periods_follow_each_other_without_gap_and_keep_the_anchors_day(
        seconds in 0_i64..3_000_000_000,
        yearly in any::<bool>(),
    ) {
        let cycle = if yearly { Cycle::Yearly } else { Cycle::Monthly };
        let anchor = Anchor::at(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds));
        let mut start = anchor.instant();
        for _ in 0..30 {
            let period = anchor.period_from(start, cycle).unwrap();
            let longest = period.end().month().length(period.end().year());
            prop_assert_eq!(period.start(), start);
            prop_assert_eq!(period.end().day(), anchor.instant().day().min(longest));
            prop_assert_eq!(period.end().time(), anchor.instant().time());
            let months = month_index(period.end().year(), period.end().month())
                - month_index(start.year(), start.month());
            prop_assert_eq!(months, i32::from(cycle.months()));
            start = period.end();
        }
    }
}
