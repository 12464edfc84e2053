//! How fast a caller may call: the seam, and its implementation over quotas' ports.
//!
//! API keys have a rate of their own and share their plan's; people have a generous one, and their plan's; public
//! routes have one per address. A call is held to all that apply, and a refused call burns none of them. `at_work`
//! holds the place of a call until its answer has been sent.

mod at_work;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Method;
use tenantry_kernel::cidr::network_of;
use tenantry_kernel::{Soon, TenantScope};
use tenantry_quotas::concurrency::{Place, PlaceLimit};
use tenantry_quotas::rate::{PerMinute, RateLimit, RateLimiter, RateSubject, RouteClass};
use tenantry_quotas::usage::requests::hold;
use tenantry_quotas::usage::{AdmitError, Admitted, Call, KnownTerms, RequestService, Stand};

use crate::decimal;
use crate::door::Caller;
use crate::error::ApiError;

pub(crate) use at_work::{keep_place, occupy};

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

/// What a route costs by its method and path, where its row says nothing else.
pub(crate) fn class_of(method: &Method, path: &str) -> RouteClass {
    let mut segments = path.as_bytes().split(|byte| *byte == b'/');
    let is_heavy = |segment: &[u8]| {
        matches!(
            segment,
            b"analytics" | b"export" | b"exports" | b"pdf" | b"report" | b"reports" | b"series" | b"stats"
        )
    };
    if segments.clone().any(is_heavy) {
        return RouteClass::Heavy;
    }
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => RouteClass::Read,
        _ if segments.any(|segment| matches!(segment, b"usage" | b"reservations")) => RouteClass::Usage,
        _ => RouteClass::Write,
    }
}

/// What the policies said that a call was held to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaceVerdict {
    /// The rates, the one that binds first.
    rates: Vec<Stand>,
    /// The limits on calls at once, and how many more of each could begin now.
    at_once: Vec<(PlaceLimit, u32)>,
}

impl PaceVerdict {
    /// What a call stands to; `None` when it was held to nothing.
    #[must_use]
    pub fn of(mut rates: Vec<Stand>, at_once: Vec<(PlaceLimit, u32)>) -> Option<Self> {
        if rates.is_empty() && at_once.is_empty() {
            return None;
        }
        rates.sort_by_key(|stand| {
            let pace = stand.pace;
            (pace.allowed, std::cmp::Reverse(pace.retry_after), pace.remaining)
        });
        Some(Self { rates, at_once })
    }

    /// What a refusal says.
    fn of_refusal(refused: &AdmitError) -> Option<Self> {
        match refused {
            AdmitError::TooFast { stands, .. } => Self::of(stands.clone(), Vec::new()),
            AdmitError::TooManyAtOnce(full) => Self::of(Vec::new(), vec![(full.0, 0)]),
            AdmitError::Usage(_) | AdmitError::RatesUnavailable(_) => None,
        }
    }

    /// True when the policy that binds has nothing left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        let first = self.rates.first().map(|stand| stand.pace.remaining);
        first.or(self.at_once.first().map(|(_, left)| *left)) == Some(0)
    }

    /// The policies and their quotas: what `RateLimit-Policy` depends on.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let rates = self.rates.iter().map(|stand| (stand.policy, stand.pace.limit));
        let at_once = self.at_once.iter().map(|(limit, _)| (limit.policy, limit.places.get()));
        rates.chain(at_once)
    }

    /// The value of `RateLimit-Policy`: a list of draft-ietf-httpapi-ratelimit-headers-11, whose names are strings and
    /// whose numbers are integers. Names are ours and need no escape.
    #[must_use]
    pub fn policy(&self) -> String {
        let mut text = String::with_capacity(64);
        for stand in &self.rates {
            member(&mut text, stand.policy, ";q=", stand.pace.limit.into());
            text.push_str(";w=60");
        }
        for (limit, _) in &self.at_once {
            member(&mut text, limit.policy, ";q=", limit.places.get().into());
            text.push_str(";qu=\"concurrent-requests\"");
        }
        text
    }

    /// The value of `RateLimit`: what is left of each policy, and for how long it must do: until all of it is back, or,
    /// with nothing left, until there is one more.
    #[must_use]
    pub fn state(&self) -> String {
        let mut text = String::with_capacity(64);
        for Stand { policy, pace } in &self.rates {
            member(&mut text, policy, ";r=", pace.remaining.into());
            let reset = if pace.remaining == 0 {
                pace.retry_after
            } else {
                pace.reset_after
            };
            text.push_str(";t=");
            decimal::push(&mut text, seconds_up(reset));
        }
        for (limit, left) in &self.at_once {
            member(&mut text, limit.policy, ";r=", (*left).into());
        }
        text
    }
}

/// The next member of a list, with its first parameter.
fn member(text: &mut String, policy: &str, parameter: &str, value: u64) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push('"');
    text.push_str(policy);
    text.push('"');
    text.push_str(parameter);
    decimal::push(text, value);
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
    /// What the route costs.
    pub route: RouteClass,
    /// What the caller was found to be held to in that tenant.
    pub known: Option<&'a KnownTerms>,
}

/// What is said about one call.
#[derive(Debug)]
pub struct Paced {
    /// How the budgets stand, admitted or not, where there are any.
    pub verdict: Option<PaceVerdict>,
    /// The place of the call among those at work, which it keeps until its answer has been sent. Refused: 429
    /// `rate_limited` or `too_many_concurrent`, or 429 `quota_exceeded` where the plan counts calls.
    pub place: Result<Option<Place>, ApiError>,
}

impl Paced {
    /// Admitted, and held to nothing.
    const FREE: Self = Self {
        verdict: None,
        place: Ok(None),
    };

    fn of(admitted: Result<Admitted, AdmitError>) -> Self {
        match admitted {
            Ok(admitted) => Self {
                verdict: PaceVerdict::of(admitted.stands, admitted.places),
                place: Ok(admitted.place),
            },
            Err(refused) => Self {
                verdict: PaceVerdict::of_refusal(&refused),
                place: Err(refused.into()),
            },
        }
    }
}

/// Decides whether a call comes too fast.
pub trait Pace: Send + Sync {
    /// Admits and counts one call.
    fn admit<'a>(&'a self, class: PaceClass, subject: PaceSubject<'a>) -> Soon<'a, Paced>;
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

/// The rates of quotas: people and addresses by these limits, whoever is inside a tenant by its plan's besides.
pub struct QuotaPace {
    limits: PaceLimits,
    rates: Arc<dyn RateLimiter>,
    calls: Arc<RequestService>,
}

impl QuotaPace {
    /// Admits by these limits.
    #[must_use]
    pub fn new(limits: PaceLimits, rates: Arc<dyn RateLimiter>, calls: Arc<RequestService>) -> Self {
        Self { limits, rates, calls }
    }

    /// A call held to one rate alone, if that is switched on and it is known whose.
    fn hold(&self, policy: &'static str, subject: Option<RateSubject>, limit: Option<u32>) -> Soon<'_, Paced> {
        let (Some(subject), Some(pace)) = (subject, limit.and_then(PerMinute::new)) else {
            return Soon::Now(Paced::FREE);
        };
        Soon::later(async move {
            let stands = hold(&*self.rates, &[RateLimit { policy, subject, pace }]).get().await;
            Paced::of(stands.map(|stands| Admitted {
                stands,
                ..Admitted::default()
            }))
        })
    }

    /// A call inside a tenant.
    fn admit_inside<'a>(
        &'a self,
        caller: &Caller,
        scope: &'a TenantScope,
        subject: PaceSubject<'a>,
    ) -> Soon<'a, Result<Admitted, AdmitError>> {
        let call = Call {
            class: Some(subject.route),
            own: match caller {
                Caller::Key(key) => key.rate_limit_per_minute.map(PerMinute),
                Caller::Person(_) | Caller::Platform(_) | Caller::Service(_) | Caller::Support(_) => None,
            },
            person: self.limits.person.and_then(PerMinute::new),
            ends: true,
        };
        match subject.known {
            Some(known) => self.calls.admit_again(scope, call, known),
            None => Soon::later(async move { self.calls.admit(scope, &call).await }),
        }
    }
}

impl Pace for QuotaPace {
    fn admit<'a>(&'a self, class: PaceClass, subject: PaceSubject<'a>) -> Soon<'a, Paced> {
        let address = subject.address.map(network_of);
        match (class, subject.caller, subject.scope) {
            // A gateway asks once per request of all its callers; the keys it asks about have their own rates.
            (PaceClass::Free, ..) | (PaceClass::Ordinary, Some(Caller::Platform(_)), _) => Soon::Now(Paced::FREE),
            (PaceClass::Ordinary, Some(caller), Some(scope)) => {
                self.admit_inside(caller, scope, subject).map(Paced::of)
            }
            (PaceClass::Ordinary, Some(Caller::Person(caller)), None) => {
                let subject = RateSubject::Person(caller.user);
                self.hold("person", Some(subject), self.limits.person)
            }
            (PaceClass::Guessable, ..) => {
                let subject = address.map(|address| RateSubject::AddressIn(address, "guessing"));
                self.hold("guessing", subject, self.limits.address.map(|limit| limit.min(GUESSES)))
            }
            (PaceClass::Ordinary, ..) => {
                let subject = address.map(RateSubject::Address);
                self.hold("address", subject, self.limits.address)
            }
        }
    }
}

fn seconds_up(wait: std::time::Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
