//! Time zones: where a tenant's day and month begin.
//!
//! The rules come with the program (the IANA database is compiled in), so every node of one version reckons alike.

use jiff::civil;
use jiff::tz::TimeZone;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// The rules of one time zone. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Zone {
    /// Coordinated universal time: no rules at all.
    #[default]
    Utc,
    /// A zone of the IANA database.
    Named(TimeZone),
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}
impl Eq for Zone {}

impl Zone {
    /// The zone of an IANA name; `None` when the database has no such place.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if matches!(name, "UTC" | "Etc/UTC" | "Zulu" | "UCT" | "Universal") {
            return Some(Self::Utc);
        }
        TimeZone::get(name).ok().map(Self::Named)
    }

    /// The zone of a stored name. A name that the database has lost since is reckoned in UTC.
    #[must_use]
    pub fn or_utc(name: &str) -> Self {
        Self::named(name).unwrap_or_default()
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Named(zone) => zone.iana_name().unwrap_or("UTC"),
        }
    }

    /// What clocks in the zone show at `at`.
    #[must_use]
    pub fn local(&self, at: OffsetDateTime) -> PrimitiveDateTime {
        let offset = match self {
            Self::Utc => UtcOffset::UTC,
            Self::Named(zone) => offset(zone, at),
        };
        let local = at.to_offset(offset);
        PrimitiveDateTime::new(local.date(), local.time())
    }

    /// The moment at which clocks in the zone show `local`: the earlier one when they show it twice, and the
    /// moment after the gap when they never do.
    #[must_use]
    pub fn instant(&self, local: PrimitiveDateTime) -> OffsetDateTime {
        match self {
            Self::Utc => local.assume_utc(),
            Self::Named(zone) => resolved(zone, local).unwrap_or_else(|| local.assume_utc()),
        }
    }

    /// The moment at which a day begins.
    #[must_use]
    pub fn midnight(&self, date: Date) -> OffsetDateTime {
        self.instant(PrimitiveDateTime::new(date, Time::MIDNIGHT))
    }
}

fn offset(zone: &TimeZone, at: OffsetDateTime) -> UtcOffset {
    let seconds = jiff::Timestamp::from_second(at.unix_timestamp()).map_or(0, |at| zone.to_offset(at).seconds());
    UtcOffset::from_whole_seconds(seconds).unwrap_or(UtcOffset::UTC)
}

/// Fails only outside the years that either calendar knows.
fn resolved(zone: &TimeZone, local: PrimitiveDateTime) -> Option<OffsetDateTime> {
    let (date, at) = (local.date(), local.time());
    let shown = civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        i8::try_from(u8::from(date.month())).ok()?,
        i8::try_from(date.day()).ok()?,
        i8::try_from(at.hour()).ok()?,
        i8::try_from(at.minute()).ok()?,
        i8::try_from(at.second()).ok()?,
        i32::try_from(at.nanosecond()).ok()?,
    )
    .ok()?;
    let instant = zone.to_ambiguous_timestamp(shown).compatible().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(instant.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    #[test]
    fn a_place_that_does_not_exist_has_no_zone() {
        assert_eq!(Zone::named("Europe/Atlantis"), None);
        assert_eq!(Zone::or_utc("Europe/Atlantis"), Zone::Utc);
        assert_eq!(zone("Asia/Tokyo").name(), "Asia/Tokyo");
    }

    #[test]
    fn clocks_in_tokyo_are_nine_hours_ahead() {
        let tokyo = zone("Asia/Tokyo");

        assert_eq!(tokyo.local(datetime!(2025-06-30 15:00 UTC)), datetime!(2025-07-01 0:00));
        assert_eq!(
            tokyo.instant(datetime!(2025-07-01 0:00)),
            datetime!(2025-06-30 15:00 UTC)
        );
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_after_it() {
        // In Beirut the clocks go from 0:00 to 1:00 on this day.
        let beirut = zone("Asia/Beirut");

        let begins = beirut.midnight(time::macros::date!(2024 - 03 - 31));

        assert_eq!(begins, datetime!(2024-03-30 22:00 UTC));
        assert_eq!(beirut.local(begins), datetime!(2024-03-31 1:00));
    }

    #[test]
    fn an_hour_that_is_shown_twice_is_the_first_of_both() {
        let berlin = zone("Europe/Berlin");

        assert_eq!(
            berlin.instant(datetime!(2025-10-26 2:30)),
            datetime!(2025-10-26 0:30 UTC)
        );
    }
}
