//! When a limit will be reached, if usage goes on as it did.
//!
//! What is left is divided by the mean of the days so far. How far the days were apart says how certain that is:
//! nine times out of ten the mean lies within 1.645 standard errors of it (normal approximation), and so the moment
//! lies between what is left divided by the one end and by the other.

use time::{Duration, OffsetDateTime};

/// How many days are needed to foresee anything.
pub const LEAST_DAYS: usize = 3;
/// Standard errors that nine of ten means lie within.
const NINE_IN_TEN: f64 = 1.645;

/// When a limit will be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Most likely; `None` when the period ends before, or nothing is used.
    pub exhausted_at: Option<OffsetDateTime>,
    /// At the earliest; `None` when even then the period ends before.
    pub earliest: Option<OffsetDateTime>,
    /// At the latest; `None` when then the period ends before.
    pub latest: Option<OffsetDateTime>,
    /// From how many days it is reckoned.
    pub days: usize,
}

/// Foresees when `remaining` will be used, from what whole days used, earliest first. Days before the first usage say
/// nothing: `quiet_days` of them are left out, and `None` is a meter that was never used.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate: beyond 2^53 nobody misses a unit"
)]
pub fn forecast(
    days: &[i64],
    quiet_days: Option<i64>,
    remaining: i64,
    now: OffsetDateTime,
    resets_at: Option<OffsetDateTime>,
) -> Option<Forecast> {
    let quiet = usize::try_from(quiet_days?).ok()?;
    let days = days.get(quiet.min(days.len())..)?;
    if days.len() < LEAST_DAYS {
        return None;
    }
    let count = days.len() as f64;
    let mean = days.iter().map(|day| *day as f64).sum::<f64>() / count;
    let variance = days.iter().map(|day| (*day as f64 - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = NINE_IN_TEN * (variance / count).sqrt();
    let at = |rate: f64| reached(remaining as f64, rate, now, resets_at);
    Some(Forecast {
        exhausted_at: at(mean),
        earliest: at(mean + error),
        latest: at(mean - error),
        days: days.len(),
    })
}

fn reached(
    remaining: f64,
    per_day: f64,
    now: OffsetDateTime,
    resets_at: Option<OffsetDateTime>,
) -> Option<OffsetDateTime> {
    if remaining <= 0.0 {
        return Some(now);
    }
    if per_day <= 0.0 {
        return None;
    }
    let wait = Duration::checked_seconds_f64(remaining / per_day * 86_400.0)?;
    // Whole seconds: it is an estimate.
    let at = now.checked_add(Duration::seconds(wait.whole_seconds()))?;
    resets_at.is_none_or(|end| at < end).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);

    #[test]
    fn even_days_leave_no_doubt() {
        let foreseen = forecast(&[100; 10], Some(0), 500, NOW, None).unwrap();

        let in_five_days = Some(NOW + Duration::days(5));
        assert_eq!(foreseen.exhausted_at, in_five_days);
        assert_eq!((foreseen.earliest, foreseen.latest), (in_five_days, in_five_days));
    }

    #[test]
    fn uneven_days_widen_the_range() {
        let foreseen = forecast(&[50, 150, 50, 150, 50, 150], Some(0), 500, NOW, None).unwrap();

        assert!(foreseen.earliest < foreseen.exhausted_at && foreseen.exhausted_at < foreseen.latest);
        assert_eq!(foreseen.exhausted_at, Some(NOW + Duration::days(5)));
    }

    #[test]
    fn a_period_that_ends_before_is_not_exhausted() {
        let end = NOW + Duration::days(4);

        let foreseen = forecast(&[100; 10], Some(0), 500, NOW, Some(end)).unwrap();

        assert_eq!(foreseen.exhausted_at, None);
    }

    #[test]
    fn days_before_the_first_usage_say_nothing_and_too_few_days_foresee_nothing() {
        let foreseen = forecast(&[0, 0, 0, 0, 10, 10, 10], Some(4), 100, NOW, None).unwrap();

        assert_eq!(
            (foreseen.days, foreseen.exhausted_at),
            (3, Some(NOW + Duration::days(10)))
        );
        assert_eq!(forecast(&[0, 0, 10, 10], Some(2), 100, NOW, None), None);
        assert_eq!(forecast(&[0, 0, 0, 0], None, 100, NOW, None), None);
    }

    #[test]
    fn what_is_used_up_is_used_up_now_and_what_shrinks_never_is() {
        assert_eq!(
            forecast(&[5; 5], Some(0), 0, NOW, None).unwrap().exhausted_at,
            Some(NOW)
        );
        assert_eq!(forecast(&[-5; 5], Some(0), 10, NOW, None).unwrap().exhausted_at, None);
    }
}
