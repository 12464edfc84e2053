//! Periods: over which time an allowance counts, reckoned in the tenant's time zone.
//!
//! The start of a period is part of its account's key, so nothing is ever reset: a new period is a new account.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::zone::Zone;

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

    /// The period that `now` falls into, by the clocks of `zone`. Only anniversaries look at the anchor.
    #[must_use]
    pub fn window(self, now: OffsetDateTime, anchor: OffsetDateTime, zone: &Zone) -> Window {
        let now = now.to_offset(UtcOffset::UTC);
        match self {
            Self::Minute => {
                // Every zone's minutes begin with those of UTC.
                let into =
                    Duration::seconds(i64::from(now.second())) + Duration::nanoseconds(i64::from(now.nanosecond()));
                let start = now - into;
                Window {
                    start,
                    resets_at: Some(start + Duration::MINUTE),
                }
            }
            Self::Day => {
                let today = zone.local(now).date();
                Window {
                    start: zone.midnight(today),
                    resets_at: Some(zone.midnight(today.next_day().unwrap_or(today))),
                }
            }
            Self::CalendarMonth => {
                let today = zone.local(now).date();
                let first = today.replace_day(1).unwrap_or(today);
                Window {
                    start: zone.midnight(first),
                    resets_at: Some(zone.midnight(plus_months(first, 1))),
                }
            }
            Self::AnniversaryMonth => anniversary(now, anchor, zone),
            Self::Lifetime => Window {
                start: OffsetDateTime::UNIX_EPOCH,
                resets_at: None,
            },
        }
    }

    /// The period before the one that starts at `start`; `None` when there is none.
    #[must_use]
    pub fn before(self, start: OffsetDateTime, anchor: OffsetDateTime, zone: &Zone) -> Option<Window> {
        if self == Self::Lifetime {
            return None;
        }
        Some(self.window(start - Duration::MICROSECOND, anchor, zone))
    }
}

/// Every boundary is derived from the anchor itself, so that a short month does not move later ones.
fn anniversary(now: OffsetDateTime, anchor: OffsetDateTime, zone: &Zone) -> Window {
    let anchored = zone.local(anchor);
    let boundary = |months: i32| {
        let date = plus_months(anchored.date(), months);
        zone.instant(PrimitiveDateTime::new(date, anchored.time()))
    };
    let mut months = month_number(zone.local(now).date()) - month_number(anchored.date());
    if boundary(months) > now {
        months -= 1;
    }
    Window {
        start: boundary(months),
        resets_at: Some(boundary(months + 1)),
    }
}

fn month_number(date: Date) -> i32 {
    date.year() * 12 + i32::from(u8::from(date.month())) - 1
}

/// The same day `months` later; the last day of a month that is too short.
fn plus_months(date: Date, months: i32) -> Date {
    let number = month_number(date) + months;
    let year = number.div_euclid(12);
    let month = u8::try_from(number.rem_euclid(12) + 1)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .unwrap_or(Month::January);
    let day = date.day().min(month.length(year));
    // Fails only outside the years the calendar knows; time stands still there.
    Date::from_calendar_date(year, month, day).unwrap_or(date)
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
            let window = period.window(now, now, &Zone::Utc);

            assert_eq!((window.start, window.resets_at), (start, Some(end)), "{period:?}");
        }
    }

    #[test]
    fn the_year_turns_with_december() {
        let window =
            Period::CalendarMonth.window(datetime!(2025-12-31 12:00 UTC), OffsetDateTime::UNIX_EPOCH, &Zone::Utc);

        assert_eq!(window.resets_at, Some(datetime!(2026-01-01 0:00 UTC)));
    }

    #[test]
    fn the_month_is_the_zones_and_not_the_callers() {
        let late_in_tokyo = datetime!(2025-02-01 5:00 +9);

        let in_utc = Period::CalendarMonth.window(late_in_tokyo, late_in_tokyo, &Zone::Utc);
        let in_tokyo = Period::CalendarMonth.window(late_in_tokyo, late_in_tokyo, &Zone::or_utc("Asia/Tokyo"));

        assert_eq!(in_utc.start, datetime!(2025-01-01 0:00 UTC));
        assert_eq!(in_tokyo.start, datetime!(2025-01-31 15:00 UTC));
        assert_eq!(in_tokyo.resets_at, Some(datetime!(2025-02-28 15:00 UTC)));
    }

    #[test]
    fn a_day_on_which_the_clocks_change_is_shorter() {
        let berlin = Zone::or_utc("Europe/Berlin");

        let window = Period::Day.window(datetime!(2025-03-30 12:00 UTC), OffsetDateTime::UNIX_EPOCH, &berlin);

        assert_eq!(window.resets_at.unwrap() - window.start, Duration::hours(23));
    }

    #[test]
    fn an_anniversary_on_the_31st_survives_february() {
        let anchor = datetime!(2025-01-31 10:30 UTC);

        let february = Period::AnniversaryMonth.window(datetime!(2025-02-15 0:00 UTC), anchor, &Zone::Utc);
        let march = Period::AnniversaryMonth.window(datetime!(2025-03-15 0:00 UTC), anchor, &Zone::Utc);

        assert_eq!(february.start, anchor);
        assert_eq!(february.resets_at, Some(datetime!(2025-02-28 10:30 UTC)));
        assert_eq!(march.start, datetime!(2025-02-28 10:30 UTC));
        assert_eq!(march.resets_at, Some(datetime!(2025-03-31 10:30 UTC)));
    }

    #[test]
    fn a_lifetime_never_resets() {
        let window = Period::Lifetime.window(
            datetime!(2025-03-15 0:00 UTC),
            datetime!(2025-01-01 0:00 UTC),
            &Zone::Utc,
        );

        assert_eq!(window.start, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(window.resets_at, None);
    }

    proptest! {
        #[test]
        fn now_always_lies_inside_its_window_and_windows_touch(
            now in 0_i64..4_000_000_000,
            anchor in 0_i64..4_000_000_000,
            which in 0_usize..4,
            place in 0_usize..5,
        ) {
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let anchor = OffsetDateTime::from_unix_timestamp(anchor).unwrap();
            let period = Period::ALL[which];
            let zone = &Zone::or_utc(
                ["UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"][place],
            );

            let window = period.window(now, anchor, zone);
            let end = window.resets_at.unwrap();

            prop_assert!(window.start <= now && now < end);
            prop_assert_eq!(period.window(end, anchor, zone).start, end);
            prop_assert_eq!(period.window(end - Duration::MICROSECOND, anchor, zone), window);
            prop_assert_eq!(period.before(end, anchor, zone), Some(window));
        }
    }
}
