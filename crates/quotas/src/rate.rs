//! Rates: how many calls per minute. Kept in memory, not in accounts.
//!
//! One call is held to several rates at once: the tenant's, the caller's, the route's. Either it counts on all of them
//! or on none, so a refused call burns nothing. [`gcra`] decides, whoever keeps the numbers; [`plan`] is what a plan
//! says about rates.

pub mod gcra;
pub mod plan;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use tenantry_kernel::id::{ApiKeyId, ServiceAccountId, UserId};
use tenantry_kernel::{Code, Soon, TenantId};

pub use plan::{PlanRateBook, PlanRates};

/// What a route costs, as plans see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// Looks something up.
    Read,
    /// Changes something.
    Write,
    /// Counts usage.
    Usage,
    /// Walks through much: exports, series, reports.
    Heavy,
}

impl RouteClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Usage, Self::Heavy];

    /// The name in catalogs, headers and problem documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Usage => "usage",
            Self::Heavy => "heavy",
        }
    }
}

/// Who is held to a rate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RateSubject {
    /// A tenant, for one meter; test keys apart.
    Tenant(TenantId, Code, bool),
    /// A tenant, for one class of routes; test keys apart.
    TenantClass(TenantId, RouteClass, bool),
    /// One member of a tenant.
    Member(TenantId, UserId),
    /// One API key.
    ApiKey(ApiKeyId),
    /// One service account.
    ServiceAccount(ServiceAccountId),
    /// One signed-in person, whatever their tenant.
    Person(UserId),
    /// One address; for public routes.
    Address(IpAddr),
    /// One address in one area with a tighter rate, such as log-in.
    AddressIn(IpAddr, &'static str),
}

/// Calls per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerMinute(pub NonZeroU32);

impl PerMinute {
    /// A pace; `None` for zero, which is no pace.
    #[must_use]
    pub fn new(calls: u32) -> Option<Self> {
        NonZeroU32::new(calls).map(Self)
    }

    /// The number of calls.
    #[must_use]
    pub const fn calls(self) -> u32 {
        self.0.get()
    }
}

/// One rate that a call is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Its name, as headers and problem documents tell it.
    pub policy: &'static str,
    /// Who is held to it.
    pub subject: RateSubject,
    /// How many calls.
    pub pace: PerMinute,
}

/// How a caller stands to one rate: what the `RateLimit` headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// False when the call came too fast for this rate.
    pub allowed: bool,
    /// Calls per minute.
    pub limit: u32,
    /// Calls that could follow at once.
    pub remaining: u32,
    /// Until all `limit` calls could follow at once.
    pub reset_after: Duration,
    /// Until one more call would pass; zero when it would pass now.
    pub retry_after: Duration,
}

/// The rates are kept elsewhere, and elsewhere does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared rate limits cannot be asked")]
pub struct RatesUnavailable;

/// How a call stands to each rate, in the order they were asked. It passed when all of them allow it.
pub type Stands = Result<Vec<Pace>, RatesUnavailable>;

/// What a limiter answers: at once from memory, or when somebody else has been asked.
pub type RateAnswer = Soon<'static, Stands>;

/// Holds callers to rates. Memory is bounded: who has been quiet for a minute is forgotten.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait RateLimiter: Send + Sync {
    /// Counts one call on all of these rates, or on none when it comes too fast for one of them.
    fn call(&self, limits: &[RateLimit]) -> RateAnswer;

    /// How a call would stand, without counting one.
    fn peek(&self, limits: &[RateLimit]) -> RateAnswer;
}

#[cfg(any(test, feature = "testing"))]
impl MockRateLimiter {
    /// A limiter that decides each rate by itself and counts nothing.
    #[must_use]
    pub fn deciding(decide: impl Fn(&RateLimit) -> Pace + Send + Clone + 'static) -> Self {
        let mut rates = Self::new();
        let looking = decide.clone();
        rates
            .expect_call()
            .returning(move |limits| RateAnswer::Now(Ok(limits.iter().map(&decide).collect())));
        rates
            .expect_peek()
            .returning(move |limits| RateAnswer::Now(Ok(limits.iter().map(&looking).collect())));
        rates
    }
}
