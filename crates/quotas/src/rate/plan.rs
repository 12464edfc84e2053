//! What a plan says about rates, besides the meters of calls.

use std::num::NonZeroU32;

use tenantry_kernel::Code;

use super::{PerMinute, RouteClass};

/// The rates of one edition of a plan. What it does not name is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanRates {
    /// Calls per minute of one member.
    pub per_user: Option<PerMinute>,
    /// Calls per minute of one API key; a key's own rate may only be tighter.
    pub per_key: Option<PerMinute>,
    /// Calls per minute of the whole tenant that look something up.
    pub read: Option<PerMinute>,
    /// Calls per minute of the whole tenant that change something.
    pub write: Option<PerMinute>,
    /// Calls per minute of the whole tenant that count usage.
    pub usage: Option<PerMinute>,
    /// Calls per minute of the whole tenant that walk through much.
    pub heavy: Option<PerMinute>,
    /// Calls of the whole tenant that may be at work at once, on one node.
    pub concurrent: Option<NonZeroU32>,
    /// Calls of one API key that may be at work at once, on one node.
    pub concurrent_per_key: Option<NonZeroU32>,
}

impl PlanRates {
    /// The rate of one class of routes.
    #[must_use]
    pub const fn of_class(&self, class: RouteClass) -> Option<PerMinute> {
        match class {
            RouteClass::Read => self.read,
            RouteClass::Write => self.write,
            RouteClass::Usage => self.usage,
            RouteClass::Heavy => self.heavy,
        }
    }

    /// True when it limits nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Knows the rates of every edition that somebody may be subscribed to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait PlanRateBook: Send + Sync {
    /// The rates of an edition; of the plan's current one when the edition is unknown here, and none when the plan is.
    fn rates_of(&self, plan: &Code, version: &str) -> PlanRates;

    /// False when no edition limits anything, so that nobody needs to ask.
    fn limits_anything(&self) -> bool;
}

/// A book of plans without rates.
#[derive(Clone, Copy, Debug)]
pub struct NoPlanRates;

impl PlanRateBook for NoPlanRates {
    fn rates_of(&self, _: &Code, _: &str) -> PlanRates {
        PlanRates::default()
    }

    fn limits_anything(&self) -> bool {
        false
    }
}
