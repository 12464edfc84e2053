//! Periods: over which time an allowance counts. All of them are reckoned in UTC.
//!
//! The start of a period is part of its account's key, so nothing is ever reset: a new period is a new account.

use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

/// Over which time an allowance counts. The order is from short to long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// One minute of the clock.
    Minute,
    /// One calendar day.
    Day,
    /// One calendar month.
    CalendarMonth,
    /// One month from the anchor's day and time; shorter months end it earlier.
    AnniversaryMonth,
    /// Never starts anew: seats, storage.
    Lifetime,
}

/// One period in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub start: OffsetDateTime,
    /// The first moment of the next one; `None` when there is no next one.
    pub resets_at: Option<OffsetDateTime>,
}

impl Period {
    /// All periods, from short to long.
    pub const ALL: [Self; 5] = [
        Self::Minute,
        Self::Day,
        Self::CalendarMonth,
        Self::AnniversaryMonth,
        Self::Lifetime,
    ];

    /// The name in catalogs and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::CalendarMonth => "month",
            Self::AnniversaryMonth => "anniversary_month",
            Self::Lifetime => "lifetime",
        }
    }

    /// The period of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }

    /// The period that `now` falls into. Only anniversaries look at the anchor.
    #[must_use]
    pub fn window(self, now: OffsetDateTime, anchor: OffsetDateTime) -> Window {
        let now = now.to_offset(UtcOffset::UTC);
        match self {
            Self::Minute => {
                let into =
                    Duration::seconds(i64::from(now.second())) + Duration::nanoseconds(i64::from(now.nanosecond()));
                let start = now - into;
                Window {
                    start,
                    resets_at: Some(start + Duration::MINUTE),
                }
            }
            Self::Day => {
                let start = now.replace_time(Time::MIDNIGHT);
                Window {
                    start,
                    resets_at: Some(start + Duration::DAY),
                }
            }
            Self::CalendarMonth => {
                let start = first_of_month(now);
                Window {
                    start,
                    resets_at: Some(plus_months(start, 1)),
                }
            }
            Self::AnniversaryMonth => anniversary(now, anchor.to_offset(UtcOffset::UTC)),
            Self::Lifetime => Window {
                start: OffsetDateTime::UNIX_EPOCH,
                resets_at: None,
            },
        }
    }
}

fn first_of_month(now: OffsetDateTime) -> OffsetDateTime {
    let into = Duration::days(i64::from(now.day()) - 1);
    now.replace_time(Time::MIDNIGHT) - into
}

/// Every boundary is derived from the anchor itself, so that a short month does not move later ones.
fn anniversary(now: OffsetDateTime, anchor: OffsetDateTime) -> Window {
    let mut months = month_number(now) - month_number(anchor);
    if plus_months(anchor, months) > now {
        months -= 1;
    }
    Window {
        start: plus_months(anchor, months),
        resets_at: Some(plus_months(anchor, months + 1)),
    }
}

fn month_number(at: OffsetDateTime) -> i32 {
    at.year() * 12 + i32::from(u8::from(at.month())) - 1
}

/// The same day and time `months` later; the last day of a month that is too short.
fn plus_months(at: OffsetDateTime, months: i32) -> OffsetDateTime {
    let number = month_number(at) + months;
    let year = number.div_euclid(12);
    let month = u8::try_from(number.rem_euclid(12) + 1)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .unwrap_or(Month::January);
    let day = at.day().min(month.length(year));
    // Fails only outside the years the calendar knows; time stands still there.
    Date::from_calendar_date(year, month, day).map_or(at, |date| at.replace_date(date))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn months_days_and_minutes_start_and_end_where_the_calendar_says() {
        let now = datetime!(2024-02-29 23:59:59.999_999 UTC);

        for (period, start, end) in [
            (
                Period::Minute,
                datetime!(2024-02-29 23:59 UTC),
                datetime!(2024-03-01 0:00 UTC),
            ),
            (
                Period::Day,
                datetime!(2024-02-29 0:00 UTC),
                datetime!(2024-03-01 0:00 UTC),
            ),
            (
                Period::CalendarMonth,
                datetime!(2024-02-01 0:00 UTC),
                datetime!(2024-03-01 0:00 UTC),
            ),
        ] {
            let window = period.window(now, now);

            assert_eq!((window.start, window.resets_at), (start, Some(end)), "{period:?}");
        }
    }

    #[test]
    fn the_year_turns_with_december() {
        let window = Period::CalendarMonth.window(datetime!(2025-12-31 12:00 UTC), OffsetDateTime::UNIX_EPOCH);

        assert_eq!(window.resets_at, Some(datetime!(2026-01-01 0:00 UTC)));
    }

    #[test]
    fn another_time_zone_does_not_move_the_month() {
        let late_in_tokyo = datetime!(2025-02-01 5:00 +9);

        let window = Period::CalendarMonth.window(late_in_tokyo, late_in_tokyo);

        assert_eq!(window.start, datetime!(2025-01-01 0:00 UTC));
    }

    #[test]
    fn an_anniversary_on_the_31st_survives_february() {
        let anchor = datetime!(2025-01-31 10:30 UTC);

        let february = Period::AnniversaryMonth.window(datetime!(2025-02-15 0:00 UTC), anchor);
        let march = Period::AnniversaryMonth.window(datetime!(2025-03-15 0:00 UTC), anchor);

        assert_eq!(february.start, anchor);
        assert_eq!(february.resets_at, Some(datetime!(2025-02-28 10:30 UTC)));
        assert_eq!(march.start, datetime!(2025-02-28 10:30 UTC));
        assert_eq!(march.resets_at, Some(datetime!(2025-03-31 10:30 UTC)));
    }

    #[test]
    fn a_lifetime_never_resets() {
        let window = Period::Lifetime.window(datetime!(2025-03-15 0:00 UTC), datetime!(2025-01-01 0:00 UTC));

        assert_eq!(window.start, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(window.resets_at, None);
    }

    proptest! {
        #[test]
        fn now_always_lies_inside_its_window_and_windows_touch(
            now in 0_i64..4_000_000_000,
            anchor in 0_i64..4_000_000_000,
            which in 0_usize..4,
        ) {
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let anchor = OffsetDateTime::from_unix_timestamp(anchor).unwrap();
            let period = Period::ALL[which];

            let window = period.window(now, anchor);
            let end = window.resets_at.unwrap();

            prop_assert!(window.start <= now && now < end);
            prop_assert_eq!(period.window(end, anchor).start, end);
            prop_assert_eq!(period.window(end - Duration::MICROSECOND, anchor), window);
        }
    }
}
