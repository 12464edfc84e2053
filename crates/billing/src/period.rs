//! Billing periods: half-open spans of time whose ends are derived from an anchor.
//!
//! Boundaries are computed in UTC. The anchor is re-derived each time, so that the 31st becomes the 28th in
//! February and the 31st again in March; a period's end is never the basis of the next one's.

use tenantry_kernel::Ratio;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::plan::Cycle;

/// A span of time, its end excluded; never empty, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    start: OffsetDateTime,
    end: OffsetDateTime,
}

/// The end is not after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period must end after it starts")]
pub struct EmptyPeriod;

impl Period {
    /// A period from `start` to `end`, both cut to whole seconds.
    ///
    /// # Errors
    /// [`EmptyPeriod`].
    pub fn new(start: OffsetDateTime, end: OffsetDateTime) -> Result<Self, EmptyPeriod> {
        let (start, end) = (whole_second(start), whole_second(end));
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(EmptyPeriod)
        }
    }

    /// The first instant.
    #[must_use]
    pub const fn start(&self) -> OffsetDateTime {
        self.start
    }

    /// The first instant after it.
    #[must_use]
    pub const fn end(&self) -> OffsetDateTime {
        self.end
    }

    /// True when `at` lies in it.
    #[must_use]
    pub fn contains(&self, at: OffsetDateTime) -> bool {
        self.start <= at && at < self.end
    }

    /// Its length; at least one.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        (self.end - self.start).whole_seconds()
    }

    /// Which part of it lies between `from` and `to`, both moved into it; zero when nothing does.
    #[must_use]
    pub fn fraction(&self, from: OffsetDateTime, to: OffsetDateTime) -> Ratio {
        let from = whole_second(from).clamp(self.start, self.end);
        let to = whole_second(to).clamp(self.start, self.end);
        let part = (to - from).whole_seconds().max(0);
        // The length is at least one second, so that the division exists.
        Ratio::new(i128::from(part), i128::from(self.seconds())).unwrap_or(Ratio::ZERO)
    }
}

/// The instant that all boundaries of a subscription are derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor(OffsetDateTime);

/// The calendar ends before the boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the date is out of range")]
pub struct BeyondCalendar;

impl Anchor {
    /// Anchors at an instant, cut to whole seconds: its day, month and time of day are what later boundaries repeat.
    #[must_use]
    pub fn at(instant: OffsetDateTime) -> Self {
        Self(whole_second(instant.to_offset(UtcOffset::UTC)))
    }

    /// The instant.
    #[must_use]
    pub const fn instant(self) -> OffsetDateTime {
        self.0
    }

    /// The period of this cycle that starts at `start` and ends at the next boundary.
    ///
    /// A start between two boundaries makes a short first period.
    ///
    /// # Errors
    /// [`BeyondCalendar`] after the year 9999.
    pub fn period_from(self, start: OffsetDateTime, cycle: Cycle) -> Result<Period, BeyondCalendar> {
        let end = self.boundary_after(start, cycle)?;
        Period::new(start, end).map_err(|_| BeyondCalendar)
    }

    /// The first boundary after `instant`.
    fn boundary_after(self, instant: OffsetDateTime, cycle: Cycle) -> Result<OffsetDateTime, BeyondCalendar> {
        let instant = instant.to_offset(UtcOffset::UTC);
        let step = i32::from(cycle.months());
        let anchor_month = month_index(self.0.year(), self.0.month());
        let months_on = month_index(instant.year(), instant.month()) - anchor_month;
        // One cycle early, because the boundary of the instant's own month may lie before or after it.
        let mut cycles = months_on.div_euclid(step) - 1;
        loop {
            let boundary = self.boundary(anchor_month + cycles * step)?;
            if boundary > instant {
                return Ok(boundary);
            }
            cycles += 1;
        }
    }

    /// The anchor's day and time in a month, the last day where the month is too short.
    fn boundary(self, month_index: i32) -> Result<OffsetDateTime, BeyondCalendar> {
        let year = month_index.div_euclid(12);
        let number = u8::try_from(month_index.rem_euclid(12) + 1).map_err(|_| BeyondCalendar)?;
        let month = Month::try_from(number).map_err(|_| BeyondCalendar)?;
        let day = self.0.day().min(month.length(year));
        let date = Date::from_calendar_date(year, month, day).map_err(|_| BeyondCalendar)?;
        Ok(PrimitiveDateTime::new(date, self.0.time()).assume_utc())
    }
}

/// Months since the year 0, so that adding months is addition.
const fn month_index(year: i32, month: Month) -> i32 {
    year * 12 + month as i32 - 1
}

/// The instant without what is below a second: billing counts in seconds.
#[must_use]
pub fn whole_second(instant: OffsetDateTime) -> OffsetDateTime {
    instant.replace_nanosecond(0).unwrap_or(instant)
}

#[cfg(test)]
mod tests;
