use time::macros::datetime;
use uuid::Uuid;

use super::*;

const DUE: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn case() -> DunningCase {
    DunningCase::open(InvoiceId::from_uuid(Uuid::from_u128(1)), DUE)
}

fn day(number: i64) -> OffsetDateTime {
    DUE + Duration::days(number)
}

#[test]
fn each_retry_day_is_due_once_and_missed_ones_are_one_retry() {
    let rules = Dunning::default();
    for (retried, now, due) in [
        (0, day(0), None),
        (0, day(1) - Duration::SECOND, None),
        (0, day(1), Some(1)),
        (1, day(1), None),
        (1, day(3) - Duration::SECOND, None),
        (0, day(6), Some(5)),
        (5, day(6), None),
        (3, day(40), Some(7)),
        (7, day(400), None),
        (0, day(-3), None),
    ] {
        let case = DunningCase {
            retried_days: retried,
            ..case()
        };
        assert_eq!(case.retry_due(&rules, now), due, "after {retried}, at {now}");
    }
}

#[test]
fn suspension_and_cancellation_come_on_their_day_and_once() {
    let rules = Dunning::default();
    let mut case = case();

    assert!(!case.suspension_due(&rules, day(14) - Duration::SECOND));
    assert!(case.suspension_due(&rules, day(14)));
    assert!(!case.cancellation_due(&rules, day(30) - Duration::SECOND));
    case.suspended_at = Some(day(14));
    assert!(!case.suspension_due(&rules, day(29)));
    assert!(case.cancellation_due(&rules, day(30)));
    case.cancelled_at = Some(day(30));
    assert!(!case.suspension_due(&rules, day(31)) && !case.cancellation_due(&rules, day(31)));
}

#[test]
fn the_next_step_is_the_earliest_that_was_not_taken() {
    let rules = Dunning::default();
    let mut case = case();
    let mut seen = Vec::new();
    while let Some(next) = case.next_at(&rules) {
        seen.push((next - DUE).whole_days());
        case.tried(&rules, next);
        if case.suspension_due(&rules, next) {
            case.suspended_at = Some(next);
        }
        if case.cancellation_due(&rules, next) {
            case.cancelled_at = Some(next);
        }
    }

    assert_eq!(seen, [1, 3, 5, 7, 14, 30]);
}

#[test]
fn a_cancelled_case_is_not_tried_again_whatever_the_catalog_says() {
    let rules = Dunning {
        retry_days: vec![2, 60],
        ..Dunning::default()
    };
    let case = DunningCase {
        cancelled_at: Some(day(30)),
        ..case()
    };

    assert_eq!(case.retry_due(&rules, day(61)), None);
    assert_eq!(case.next_retry(&rules, day(31)), None);
    assert_eq!(case.next_at(&rules), None);
}

#[test]
fn without_retries_the_first_step_is_the_suspension() {
    let rules = Dunning {
        retry_days: Vec::new(),
        ..Dunning::default()
    };

    assert_eq!(case().retry_due(&rules, day(20)), None);
    assert_eq!(case().next_at(&rules), Some(day(14)));
}

#[test]
fn the_payer_is_told_how_many_days_are_left() {
    let rules = Dunning::default();
    let mut case = case();

    assert_eq!(case.days_left(&rules, day(0)), Some(14));
    assert_eq!(case.days_left(&rules, day(13) + Duration::HOUR), Some(1));
    assert_eq!(case.next_retry(&rules, day(3)), Some(day(5)));
    assert_eq!(case.next_retry(&rules, day(7)), None);
    case.suspended_at = Some(day(14));
    assert_eq!(case.days_left(&rules, day(20)), None);
}
