//! Paces: how many calls per minute. Kept in memory, not in accounts.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use tenantry_kernel::id::{ApiKeyId, UserId};
use tenantry_kernel::{Code, TenantId};

/// Who is held to a pace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RateSubject {
    /// A tenant, for one meter; test keys apart.
    Tenant(TenantId, Code, bool),
    /// One API key.
    ApiKey(ApiKeyId),
    /// One signed-in person.
    Person(UserId),
    /// One address; for public routes.
    Address(IpAddr),
    /// One address in one area with a tighter pace, such as log-in.
    AddressIn(IpAddr, &'static str),
}

/// Calls per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// How a call stands to its pace: what the `RateLimit` headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// False when the call came too fast.
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

/// Holds callers to a pace. Memory is bounded: who has been quiet for a minute is forgotten.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait RateLimiter: Send + Sync {
    /// Counts one call, unless it comes too fast: refused calls do not count.
    fn call(&self, subject: &RateSubject, pace: PerMinute) -> Pace;

    /// How a call would stand, without counting one.
    fn peek(&self, subject: &RateSubject, pace: PerMinute) -> Pace;
}
