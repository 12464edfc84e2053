//! What was used over time: series, who used most, and when a limit will be reached.

use tenantry_kernel::{FieldError, Permission, SystemScope, TenantId, TenantScope};
use time::{Date, Duration, OffsetDateTime};

use crate::closing::Closing;
use crate::insight::{Consumer, Dimension, Point, UsageSpan};
use crate::permissions::{READ_BASIC_USAGE, READ_USAGE};
use crate::usage::error::UsageError;
use crate::usage::forecast::{Forecast, forecast};
use crate::usage::ports::{UsagePorts, is_live};
use crate::usage::row::UsageRow;
use crate::usage::service::UsageService;
use crate::zone::Zone;

/// Most points of one series.
pub const MAX_POINTS: usize = 1_000;
/// Most consumers of one answer.
pub const MAX_CONSUMERS: u32 = 100;
/// Most closed periods of one answer.
const MAX_CLOSINGS: u32 = 200;
/// How many days a forecast looks back.
const LOOKS_BACK: Duration = Duration::days(28);

/// How long each point of a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day of the tenant's time zone.
    Day,
    /// One month of the tenant's time zone.
    Month,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 4] = [Self::Minute, Self::Hour, Self::Day, Self::Month];

    /// The name in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The step of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// How far a series reaches back when nobody says.
    const fn usual_span(self) -> Duration {
        match self {
            Self::Minute => Duration::hours(1),
            Self::Hour => Duration::days(1),
            Self::Day => Duration::days(30),
            Self::Month => Duration::days(365),
        }
    }

    /// The first moment of the step that `at` falls into.
    fn floor(self, at: OffsetDateTime, zone: &Zone) -> OffsetDateTime {
        let seconds = |step: i64| {
            let whole = at.unix_timestamp() - at.unix_timestamp().rem_euclid(step);
            OffsetDateTime::from_unix_timestamp(whole).unwrap_or(at)
        };
        let today = || zone.local(at).date();
        match self {
            Self::Minute => seconds(60),
            Self::Hour => {
                // The zone's hours: some are half an hour off.
                let local = zone.local(at).time();
                let into = Duration::minutes(i64::from(local.minute())) + Duration::seconds(i64::from(local.second()));
                seconds(1) - into
            }
            Self::Day => zone.midnight(today()),
            Self::Month => zone.midnight(today().replace_day(1).unwrap_or_else(|_| today())),
        }
    }

    /// The first moment of the step after the one that starts at `start`.
    fn next(self, start: OffsetDateTime, zone: &Zone) -> OffsetDateTime {
        let today = || zone.local(start).date();
        match self {
            Self::Minute => start + Duration::MINUTE,
            Self::Hour => start + Duration::HOUR,
            Self::Day => zone.midnight(today().next_day().unwrap_or(Date::MAX)),
            Self::Month => {
                let date = today();
                let next = date.replace_day(1).map(|first| first + Duration::days(32));
                let next = next.and_then(|inside| inside.replace_day(1)).unwrap_or(date);
                zone.midnight(next)
            }
        }
    }
}

/// Which series.
#[derive(Clone, Debug, Default)]
pub struct SeriesRequest {
    /// The meter, as the caller spells it.
    pub meter: String,
    /// From when.
    pub from: Option<OffsetDateTime>,
    /// Until before when; now when absent.
    pub to: Option<OffsetDateTime>,
    /// How long each point is; a day when absent.
    pub step: Option<String>,
    /// Of this user only.
    pub user: Option<String>,
    /// Of this API key only.
    pub key: Option<String>,
    /// Of test keys when false; of those that the caller is one of when absent.
    pub live: Option<bool>,
}

/// A series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The meter.
    pub meter: String,
    /// How long each point is.
    pub step: Step,
    /// Its points, those without usage too, earliest first.
    pub points: Vec<Point>,
    /// What they add up to.
    pub total: i64,
}

/// Shows what was used over time.
pub struct InsightService {
    ports: UsagePorts,
    usage: UsageService,
}

impl InsightService {
    /// A service over these ports.
    #[must_use]
    pub fn new(ports: UsagePorts) -> Self {
        Self {
            usage: UsageService::new(ports.clone()),
            ports,
        }
    }

    /// What was counted on a meter, step by step. Steps begin where the tenant's days and months begin.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::UnknownMeter`], [`UsageError::Invalid`], [`UsageError::NoPlan`],
    /// [`UsageError::Store`].
    pub async fn series(&self, scope: &TenantScope, request: SeriesRequest) -> Result<Series, UsageError> {
        scope.require(&READ_USAGE)?;

        let meter = self.ports.meter(&request.meter)?.clone();
        let zone = self.ports.reach(scope).await?.entitlements.zone.clone();
        let step = step(request.step.as_deref())?;
        let to = request.to.unwrap_or_else(|| self.ports.clock.now(scope));
        let from = step.floor(request.from.unwrap_or(to - step.usual_span()), &zone);
        let starts = starts(step, from, to, &zone)?;
        let span = UsageSpan {
            meter: meter.code.clone(),
            live: request.live.unwrap_or_else(|| is_live(scope)),
            from,
            to,
            user: request.user,
            key: request.key,
        };

        let mut unit = self.ports.store.read(scope).await?;
        let counted = match step {
            Step::Minute => unit.insights().minutes(&span).await?,
            Step::Hour | Step::Day | Step::Month => unit.insights().quarters(&span).await?,
        };
        let points = fold(&starts, &counted);
        Ok(Series {
            meter: meter.code.to_string(),
            step,
            total: points.iter().map(|point| point.amount).sum(),
            points,
        })
    }

    /// Who used most of a meter.
    ///
    /// # Errors
    /// As [`Self::series`].
    pub async fn top(
        &self,
        scope: &TenantScope,
        request: SeriesRequest,
        by: Dimension,
        limit: u32,
    ) -> Result<Vec<Consumer>, UsageError> {
        scope.require(&READ_USAGE)?;

        let meter = self.ports.meter(&request.meter)?.clone();
        let to = request.to.unwrap_or_else(|| self.ports.clock.now(scope));
        let span = UsageSpan {
            meter: meter.code,
            live: is_live(scope),
            from: request.from.unwrap_or(to - Step::Day.usual_span()),
            to,
            user: None,
            key: None,
        };

        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.insights().top(&span, by, limit.clamp(1, MAX_CONSUMERS)).await?)
    }

    /// The periods of a meter that were closed for billing, or of all meters, latest first; at most 200.
    ///
    /// # Errors
    /// As [`Self::series`].
    pub async fn closings(&self, scope: &TenantScope, meter: Option<&str>) -> Result<Vec<Closing>, UsageError> {
        scope.require(&READ_USAGE)?;

        let meter = meter.map(|text| self.ports.meter(text)).transpose()?;
        let meter = meter.map(|meter| meter.code.clone());

        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.closings().list(meter, MAX_CLOSINGS).await?)
    }

    /// The tenants that used most of a meter. `needed` is the permission of operators.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::UnknownMeter`], [`UsageError::Store`].
    pub async fn top_tenants(
        &self,
        scope: &SystemScope,
        needed: &Permission,
        request: SeriesRequest,
        limit: u32,
    ) -> Result<Vec<(TenantId, Point)>, UsageError> {
        scope.require(needed)?;

        let meter = self.ports.meter(&request.meter)?;
        let to = request.to.unwrap_or_else(|| self.ports.clock.system_now());
        let from = request.from.unwrap_or(to - Step::Day.usual_span());
        let limit = limit.clamp(1, MAX_CONSUMERS);
        Ok(self.ports.tenants.top_tenants(&meter.code, from, to, limit).await?)
    }

    /// When each limited meter will have reached its limit, if it goes on as in the last four weeks.
    ///
    /// # Errors
    /// As [`Self::series`].
    pub async fn forecasts(&self, scope: &TenantScope) -> Result<Vec<(UsageRow, Option<Forecast>)>, UsageError> {
        if !scope.permissions().holds(&READ_BASIC_USAGE) {
            scope.require(&READ_USAGE)?;
        }

        let rows = self.usage.rows(scope).await?;
        let zone = self.ports.reach(scope).await?.entitlements.zone.clone();
        let now = self.ports.clock.now(scope);
        let first_day = Step::Day.floor(now - LOOKS_BACK, &zone);
        let today = Step::Day.floor(now, &zone);
        let starts = starts(Step::Day, first_day, today, &zone)?;

        let mut unit = self.ports.store.read(scope).await?;
        let mut forecasts = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(remaining) = row.remaining() else {
                forecasts.push((row, None));
                continue;
            };
            let span = UsageSpan {
                meter: row.meter.code.clone(),
                live: is_live(scope),
                from: first_day,
                to: now,
                user: None,
                key: None,
            };
            let counted = unit.insights().quarters(&span).await?;
            let days: Vec<i64> = fold(&starts, &counted).iter().map(|day| day.amount).collect();
            let since = counted.first().map(|point| point.at);
            let foreseen = forecast(
                &days,
                since.map(|at| (at - first_day).whole_days()),
                remaining,
                now,
                row.resets_at,
            );
            forecasts.push((row, foreseen));
        }
        Ok(forecasts)
    }
}

fn step(name: Option<&str>) -> Result<Step, UsageError> {
    let Some(name) = name else { return Ok(Step::Day) };
    Step::parse(name).ok_or_else(|| {
        let detail = "must be minute, hour, day or month";
        UsageError::Invalid(vec![FieldError::new("step", "invalid_value", detail)])
    })
}

/// Where the steps of a series begin.
fn starts(
    step: Step,
    from: OffsetDateTime,
    to: OffsetDateTime,
    zone: &Zone,
) -> Result<Vec<OffsetDateTime>, UsageError> {
    let mut starts = Vec::new();
    let mut at = from;
    while at < to {
        if starts.len() == MAX_POINTS {
            let detail = format!("a series has at most {MAX_POINTS} points: take a longer step or a later start");
            return Err(UsageError::Invalid(vec![FieldError::new(
                "from",
                "out_of_range",
                detail,
            )]));
        }
        starts.push(at);
        let next = step.next(at, zone);
        // Time stands still where the calendar ends.
        if next <= at {
            break;
        }
        at = next;
    }
    Ok(starts)
}

/// Adds what was counted up by step. Both are in order of time.
fn fold(starts: &[OffsetDateTime], counted: &[Point]) -> Vec<Point> {
    let mut points: Vec<Point> = starts
        .iter()
        .map(|at| Point {
            at: *at,
            amount: 0,
            operations: 0,
        })
        .collect();
    for one in counted {
        let after = starts.partition_point(|start| *start <= one.at);
        if let Some(point) = after.checked_sub(1).and_then(|position| points.get_mut(position)) {
            point.amount = point.amount.saturating_add(one.amount);
            point.operations = point.operations.saturating_add(one.operations);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn steps_begin_where_the_zones_clocks_say() {
        let kolkata = Zone::or_utc("Asia/Kolkata");
        let at = datetime!(2025-03-31 20:10:30 UTC);

        for (step, start, next) in [
            (
                Step::Minute,
                datetime!(2025-03-31 20:10 UTC),
                datetime!(2025-03-31 20:11 UTC),
            ),
            (
                Step::Hour,
                datetime!(2025-03-31 19:30 UTC),
                datetime!(2025-03-31 20:30 UTC),
            ),
            (
                Step::Day,
                datetime!(2025-03-31 18:30 UTC),
                datetime!(2025-04-01 18:30 UTC),
            ),
            (
                Step::Month,
                datetime!(2025-03-31 18:30 UTC),
                datetime!(2025-04-30 18:30 UTC),
            ),
        ] {
            assert_eq!(step.floor(at, &kolkata), start, "{step:?}");
            assert_eq!(step.next(start, &kolkata), next, "{step:?}");
        }
    }

    #[test]
    fn steps_without_usage_are_points_too() {
        let day = |number: i64| datetime!(2025-03-01 0:00 UTC) + Duration::days(number);
        let counted = |at, amount| Point {
            at,
            amount,
            operations: 1,
        };
        let starts = starts(Step::Day, day(0), day(3), &Zone::Utc).unwrap();

        let points = fold(
            &starts,
            &[
                counted(day(0), 2),
                counted(day(0) + Duration::HOUR, 3),
                counted(day(2), -1),
            ],
        );

        let shown: Vec<_> = points.iter().map(|point| (point.amount, point.operations)).collect();
        assert_eq!(shown, [(5, 2), (0, 0), (-1, 1)]);
    }

    #[test]
    fn a_series_of_too_many_points_is_refused() {
        let refused = starts(
            Step::Minute,
            datetime!(2025-03-01 0:00 UTC),
            datetime!(2025-03-08 0:00 UTC),
            &Zone::Utc,
        );

        assert!(matches!(refused, Err(UsageError::Invalid(_))));
    }
}
