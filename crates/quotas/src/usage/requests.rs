//! Admitting calls with API keys: their pace first, then the plan's count of calls.

use tenantry_kernel::{DomainError, ErrorKind, Principal, TenantScope, Value};

use crate::leased::Leased;
use crate::limit::User;
use crate::meter::{MeterKind, MeterSource};
use crate::rate::{Pace, PerMinute, RateSubject};
use crate::usage::error::UsageError;
use crate::usage::ports::{UsagePorts, is_live, per_minute};

/// How an admitted call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Of all the paces that hold, the one with the fewest calls left; `None` when none holds.
    pub pace: Option<Pace>,
}

/// Why a call was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// It came too fast. It counted on nothing.
    #[error("the pace of {} calls per minute is exceeded", .0.limit)]
    TooFast(Pace),
    /// The plan's calls are used up, or they could not be counted.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl DomainError for AdmitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooFast(_) => ErrorKind::Exhausted,
            Self::Usage(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooFast(_) => "rate_limited",
            Self::Usage(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::TooFast(pace) => vec![("limit", Value::Int(i64::from(pace.limit)))],
            Self::Usage(cause) => cause.details(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooFast(pace) => Some(whole_seconds(pace.retry_after)),
            Self::Usage(cause) => cause.retry_after_s(),
        }
    }
}

fn whole_seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Admits calls with API keys.
pub struct RequestService {
    ports: UsagePorts,
}

impl RequestService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(ports: UsagePorts) -> Self {
        Self { ports }
    }

    /// Admits one call with an API key: `own` is the key's pace, if it has one. Other principals pass uncounted.
    ///
    /// # Errors
    /// [`AdmitError::TooFast`], [`AdmitError::Usage`].
    pub async fn admit(&self, scope: &TenantScope, own: Option<PerMinute>) -> Result<Admitted, AdmitError> {
        let Principal::ApiKey { key, .. } = scope.principal() else {
            return Ok(Admitted::default());
        };
        let live = is_live(scope);
        let reach = self.ports.reach(scope).await?;
        let now = self.ports.clock.now(scope);

        let mut paces: Vec<(RateSubject, PerMinute)> = Vec::new();
        paces.extend(own.map(|own| (RateSubject::ApiKey(*key), own)));
        let mut counted = Vec::new();
        for meter in self.ports.meters.counted_by(MeterSource::Requests) {
            match (meter.kind, reach.entitlements.allowance(meter, now).hard_limit()) {
                (MeterKind::Rate, Some(limit)) => {
                    let pace = per_minute(limit).ok_or(AdmitError::TooFast(NEVER))?;
                    let subject = RateSubject::Tenant(scope.tenant_id(), meter.code.clone(), live);
                    paces.push((subject, pace));
                }
                (MeterKind::Rate, None) => {}
                (MeterKind::Counter | MeterKind::Gauge, _) => counted.push(meter),
            }
        }

        let tightest = self.keep_pace(&paces)?;
        for meter in counted {
            let leased = Leased {
                meter: meter.clone(),
                amount: 1,
                user: User::of(scope.principal(), None),
                live,
                reach: reach.clone(),
                at: now,
            };
            let counted = self.ports.leased.count(scope, leased).await;
            counted.map_err(|cause| self.ports.refused(cause, &reach, now))?;
        }
        Ok(Admitted { pace: tightest })
    }

    /// Looks at every pace before it counts on any, so that a refused call counts on none.
    fn keep_pace(&self, paces: &[(RateSubject, PerMinute)]) -> Result<Option<Pace>, AdmitError> {
        let slowest = paces
            .iter()
            .map(|(subject, pace)| self.ports.rates.peek(subject, *pace))
            .filter(|stands| !stands.allowed)
            .max_by_key(|stands| stands.retry_after);
        if let Some(refused) = slowest {
            return Err(AdmitError::TooFast(refused));
        }
        let mut tightest: Option<Pace> = None;
        for (subject, pace) in paces {
            let stands = self.ports.rates.call(subject, *pace);
            if !stands.allowed {
                return Err(AdmitError::TooFast(stands));
            }
            if tightest.is_none_or(|known| stands.remaining < known.remaining) {
                tightest = Some(stands);
            }
        }
        Ok(tightest)
    }
}

/// A pace of no calls at all.
const NEVER: Pace = Pace {
    allowed: false,
    limit: 0,
    remaining: 0,
    reset_after: std::time::Duration::from_mins(1),
    retry_after: std::time::Duration::from_mins(1),
};

#[cfg(test)]
mod tests;
