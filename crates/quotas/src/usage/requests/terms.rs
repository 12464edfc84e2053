//! What calls are held to.

use std::sync::OnceLock;

use crate::concurrency::PlaceLimit;
use crate::limit::Reach;
use crate::meter::Meter;
use crate::rate::{PlanRates, RateLimit, RouteClass};

/// What a call is held to. It follows from who calls, the class of the route and the plan, and from nothing else.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Every rate.
    pub rates: Vec<RateLimit>,
    /// The places that it takes among those at work.
    pub places: Vec<PlaceLimit>,
    /// The meters that it counts on.
    pub counted: Vec<Meter>,
    /// `None` when the plan does not count this caller's calls.
    pub reach: Option<Reach>,
    /// True when the next call is held to the same, unless its tenant's facts change.
    pub lasting: bool,
}

/// What the tenant's plan says about the call.
#[derive(Default)]
pub(super) struct Granted {
    pub rates: PlanRates,
    pub reach: Option<Reach>,
    /// True when it says the same of the next call, unless the tenant's facts change.
    pub lasting: bool,
}

/// What one caller in one tenant was found to be held to, for each class of routes. Throw it away when a fact of the
/// tenant changes, and after a second: what an operator has changed for a while ends by the clock.
#[derive(Debug, Default)]
pub struct KnownTerms([OnceLock<Terms>; 4]);

impl KnownTerms {
    pub(super) fn of(&self, class: RouteClass) -> &OnceLock<Terms> {
        let [read, write, usage, heavy] = &self.0;
        match class {
            RouteClass::Read => read,
            RouteClass::Write => write,
            RouteClass::Usage => usage,
            RouteClass::Heavy => heavy,
        }
    }
}
