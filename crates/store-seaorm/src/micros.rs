//! Times as the databases keep them: whole microseconds since 1970.
//!
//! PostgreSQL keeps no more, and SQLite has no time type: text with trimmed fractions sorts wrongly.

use sea_orm::DeriveValueType;
use time::OffsetDateTime;
use time::error::ComponentRange;

/// A moment in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Micros(pub i64);

impl From<OffsetDateTime> for Micros {
    fn from(at: OffsetDateTime) -> Self {
        // The years of `OffsetDateTime` end at 9999, far inside the range.
        Self(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX))
    }
}

impl TryFrom<Micros> for OffsetDateTime {
    type Error = ComponentRange;

    fn try_from(micros: Micros) -> Result<Self, ComponentRange> {
        Self::from_unix_timestamp_nanos(i128::from(micros.0) * 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_survives_to_the_microsecond() {
        for moment in [
            datetime!(2026-03-01 09:00:00.123456 UTC),
            datetime!(1969-12-31 23:59:59.999999 UTC),
            datetime!(9999-12-31 23:59:59.999999 UTC),
        ] {
            assert_eq!(OffsetDateTime::try_from(Micros::from(moment)), Ok(moment));
        }
    }

    #[test]
    fn a_moment_outside_the_calendar_is_refused() {
        assert!(OffsetDateTime::try_from(Micros(i64::MAX)).is_err());
    }
}
