//! How fast a caller may call: the seam, and its implementation over quotas' ports.
//!
//! API keys have a limit of their own and share their plan's; people have a generous one; public routes have one per
//! address. A refused call burns nothing.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use tenantry_kernel::{TenantScope, async_trait};
use tenantry_quotas::rate::{Pace as Stand, PerMinute, RateLimiter, RateSubject};
use tenantry_quotas::usage::{AdmitError, RequestService};

use crate::door::Caller;
use crate::error::ApiError;

/// Which budget of calls a route draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceClass {
    /// Never limited: probes and documents.
    Free,
    /// The caller's budget, or the address's when nobody is known.
    Ordinary,
    /// A smaller budget per address: log-in, sign-up, and what else invites guessing.
    Guessable,
}

/// What a budget said, for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceVerdict {
    /// The budget's name, as `RateLimit-Policy` tells it.
    pub policy: &'static str,
    /// Calls per minute.
    pub limit: u32,
    /// Calls left now.
    pub remaining: u32,
    /// When the budget is full again.
    pub reset_s: u64,
}

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
pub struct PaceSubject<'a> {
    /// Who calls, when that is known.
    pub caller: Option<&'a Caller>,
    /// The tenant they entered, if they did.
    pub scope: Option<&'a TenantScope>,
    /// From where.
    pub address: Option<IpAddr>,
}

/// Decides whether a call comes too fast.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Admits and counts one call. Tells how the budget stands, either way, where there is one.
    ///
    /// # Errors
    /// 429 `rate_limited`, or 429 `quota_exceeded` where the plan counts calls.
    async fn admit(
        &self,
        class: PaceClass,
        subject: PaceSubject<'_>,
        verdict: &mut Option<PaceVerdict>,
    ) -> Result<(), ApiError>;
}

/// Limits per minute; `None` switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceLimits {
    /// A signed-in person.
    pub person: Option<u32>,
    /// An address on public routes. On routes that invite guessing it has at most [`GUESSES`] of them.
    pub address: Option<u32>,
}

/// Calls per minute that one address has at most on routes that invite guessing.
pub const GUESSES: u32 = 300;

impl Default for PaceLimits {
    fn default() -> Self {
        Self {
            person: Some(1_200),
            address: Some(600),
        }
    }
}

/// The paces of quotas: people and addresses by these limits, keys by their own and their plan's.
pub struct QuotaPace {
    limits: PaceLimits,
    rates: Arc<dyn RateLimiter>,
    keys: Arc<RequestService>,
}

impl QuotaPace {
    /// Admits by these limits.
    #[must_use]
    pub fn new(limits: PaceLimits, rates: Arc<dyn RateLimiter>, keys: Arc<RequestService>) -> Self {
        Self { limits, rates, keys }
    }

    fn by_limit(
        &self,
        policy: &'static str,
        subject: Option<RateSubject>,
        limit: Option<u32>,
        verdict: &mut Option<PaceVerdict>,
    ) -> Result<(), ApiError> {
        let (Some(subject), Some(limit)) = (subject, limit.and_then(PerMinute::new)) else {
            return Ok(());
        };
        let stand = self.rates.call(&subject, limit);
        *verdict = Some(told(policy, stand));
        if stand.allowed { Ok(()) } else { Err(too_fast(stand)) }
    }
}

#[async_trait]
impl Pace for QuotaPace {
    async fn admit(
        &self,
        class: PaceClass,
        subject: PaceSubject<'_>,
        verdict: &mut Option<PaceVerdict>,
    ) -> Result<(), ApiError> {
        let address = subject.address.map(neighbourhood);
        match (class, subject.caller, subject.scope) {
            // A gateway asks once per request of all its callers; the keys it asks about have their own paces.
            (PaceClass::Free, ..) | (PaceClass::Ordinary, Some(Caller::Platform(_)), _) => Ok(()),
            (PaceClass::Guessable, ..) => {
                let subject = address.map(|address| RateSubject::AddressIn(address, "guessing"));
                let limit = self.limits.address.map(|limit| limit.min(GUESSES));
                self.by_limit("guessing", subject, limit, verdict)
            }
            (PaceClass::Ordinary, Some(Caller::Person(person)), _) => {
                let subject = RateSubject::Person(person.user);
                self.by_limit("person", Some(subject), self.limits.person, verdict)
            }
            (PaceClass::Ordinary, Some(Caller::Key(key)), Some(scope)) => {
                let own = key.rate_limit_per_minute.map(PerMinute);
                match self.keys.admit(scope, own).await {
                    Ok(admitted) => {
                        *verdict = admitted.pace.map(|stand| told("api_key", stand));
                        Ok(())
                    }
                    Err(refused) => {
                        if let AdmitError::TooFast(stand) = &refused {
                            *verdict = Some(told("api_key", *stand));
                        }
                        Err(refused.into())
                    }
                }
            }
            (PaceClass::Ordinary, ..) => {
                let subject = address.map(RateSubject::Address);
                self.by_limit("address", subject, self.limits.address, verdict)
            }
        }
    }
}

fn told(policy: &'static str, stand: Stand) -> PaceVerdict {
    PaceVerdict {
        policy,
        limit: stand.limit,
        remaining: stand.remaining,
        reset_s: seconds_up(stand.reset_after),
    }
}

fn too_fast(stand: Stand) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        format!("the pace of {} calls per minute is exceeded", stand.limit),
    )
    .retry_after(seconds_up(stand.retry_after).max(1))
}

/// One household has a whole /64 of IPv6 addresses.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn seconds_up(wait: std::time::Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_household_count_together() {
        let one = neighbourhood("2001:db8::1".parse().unwrap());
        let two = neighbourhood("2001:db8::2".parse().unwrap());
        let other = neighbourhood("2001:db8:0:1::1".parse().unwrap());

        assert_eq!(one, two);
        assert_ne!(one, other);
        assert_eq!(
            neighbourhood("::ffff:9.9.9.9".parse().unwrap()),
            "9.9.9.9".parse::<IpAddr>().unwrap()
        );
    }
}
