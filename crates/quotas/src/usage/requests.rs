//! Admitting calls: places, rates, then the plan's count of calls with API keys.

mod refusal;
mod terms;

use std::sync::Arc;
use std::time::Duration;

use tenantry_kernel::{Principal, Soon, TenantScope};

use crate::concurrency::{NoPlaceLimits, Place, PlaceLimit, PlaceSubject, Places};
use crate::leased::Leased;
use crate::limit::{Reach, User};
use crate::meter::{Meter, MeterKind, MeterSource};
use crate::rate::plan::NoPlanRates;
use crate::rate::{Pace, PerMinute, PlanRateBook, PlanRates, RateLimit, RateLimiter, RateSubject, RouteClass};
use crate::usage::ports::{UsagePorts, is_live, per_minute};

use self::terms::{Granted, Terms};
pub use refusal::AdmitError;
pub use terms::KnownTerms;

/// What is asked for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The class of its route; `None` when it is not a route of ours.
    pub class: Option<RouteClass>,
    /// The rate of the key itself, if it has one.
    pub own: Option<PerMinute>,
    /// The rate of a signed-in person, whatever their tenant.
    pub person: Option<PerMinute>,
    /// True when its end will be known, so that it can take a place among the calls at work.
    pub ends: bool,
}

/// How a call stands to one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// The policy's name.
    pub policy: &'static str,
    /// How it stands.
    pub pace: Pace,
}

/// An admitted call.
#[derive(Debug, Default)]
pub struct Admitted {
    /// How it stands to every rate that it was held to.
    pub stands: Vec<Stand>,
    /// The limits on calls at once, and how many more of each could begin now.
    pub places: Vec<(PlaceLimit, u32)>,
    /// Its places among the calls at work; keep them until it has ended.
    pub place: Option<Place>,
}

impl Admitted {
    /// Of all the rates that hold, the one with the fewest calls left; `None` when none holds.
    #[must_use]
    pub fn tightest(&self) -> Option<Pace> {
        let mut paces = self.stands.iter().map(|stand| stand.pace);
        let first = paces.next()?;
        Some(paces.fold(
            first,
            |known, pace| {
                if pace.remaining < known.remaining { pace } else { known }
            },
        ))
    }
}

/// Admits calls.
pub struct RequestService {
    ports: UsagePorts,
    plans: Arc<dyn PlanRateBook>,
    places: Arc<dyn Places>,
}

impl RequestService {
    /// A service over these ports, for plans without rates of their own.
    #[must_use]
    pub fn new(ports: UsagePorts) -> Self {
        Self {
            ports,
            plans: Arc::new(NoPlanRates),
            places: Arc::new(NoPlaceLimits),
        }
    }

    /// The same, with what plans say about rates, and places for calls at work.
    #[must_use]
    pub fn with_plans(mut self, plans: Arc<dyn PlanRateBook>, places: Arc<dyn Places>) -> Self {
        self.plans = plans;
        self.places = places;
        self
    }

    /// Admits one call: with a key of the tenant, or by a person inside it. Workers pass uncounted.
    ///
    /// # Errors
    /// [`AdmitError`].
    pub async fn admit(&self, scope: &TenantScope, call: &Call) -> Result<Admitted, AdmitError> {
        let terms = self.terms(scope, call).await?;
        self.admit_on(&terms, scope).get().await
    }

    /// The same for a caller of whom `known` is remembered: for the same principal, key and plan each time. The answer
    /// is [`AdmitError`] when it is a refusal.
    pub fn admit_again<'a>(
        &'a self,
        scope: &'a TenantScope,
        call: Call,
        known: &'a KnownTerms,
    ) -> Soon<'a, Result<Admitted, AdmitError>> {
        let Some(slot) = call.class.map(|class| known.of(class)) else {
            return Soon::later(async move { self.admit(scope, &call).await });
        };
        if let Some(terms) = slot.get() {
            return self.admit_on(terms, scope);
        }
        Soon::later(async move {
            let terms = self.terms(scope, &call).await?;
            let admitted = self.admit_on(&terms, scope).get().await;
            if terms.lasting {
                // Whoever was first found out the same.
                let _ = slot.set(terms);
            }
            admitted
        })
    }

    /// What a call is held to.
    async fn terms(&self, scope: &TenantScope, call: &Call) -> Result<Terms, AdmitError> {
        let granted = match scope.principal() {
            Principal::ApiKey { .. } | Principal::ServiceAccount { .. } => {
                let reach = self.ports.reach(scope).await?;
                let plan = &reach.entitlements;
                Granted {
                    rates: self.plans.rates_of(&plan.plan, &plan.plan_version),
                    // What another tenant's plan grants to the pool changes with that tenant.
                    lasting: reach.pool.is_none(),
                    reach: Some(reach),
                }
            }
            // What a person may do does not hang on a plan whose limits nobody can read now.
            Principal::Member { .. } if self.plans.limits_anything() => {
                let reach = self.ports.reach(scope).await.ok();
                let plan = reach.as_ref().map(|reach| &reach.entitlements);
                let rates = plan.map(|plan| self.plans.rates_of(&plan.plan, &plan.plan_version));
                Granted {
                    rates: rates.unwrap_or_default(),
                    lasting: reach.is_some(),
                    reach: None,
                }
            }
            Principal::Member { .. } | Principal::Operator { .. } | Principal::Support { .. } => Granted {
                lasting: true,
                ..Granted::default()
            },
            _ => return Ok(Terms::default()),
        };
        self.terms_of(scope, call, granted)
    }

    fn admit_on<'a>(&'a self, terms: &'a Terms, scope: &'a TenantScope) -> Soon<'a, Result<Admitted, AdmitError>> {
        let mut admitted = Admitted::default();
        if !terms.places.is_empty() {
            match self.places.take(&terms.places) {
                Ok(taken) => {
                    admitted.places = terms.places.iter().copied().zip(taken.left).collect();
                    admitted.place = Some(taken.place);
                }
                Err(full) => return Soon::Now(Err(AdmitError::TooManyAtOnce(full))),
            }
        }
        let held = hold(&*self.ports.rates, &terms.rates).map(|stands| {
            admitted.stands = stands?;
            Ok(admitted)
        });
        if terms.counted.is_empty() {
            return held;
        }
        Soon::later(async move {
            let admitted = held.get().await?;
            for meter in &terms.counted {
                self.count(scope, meter, terms.reach.as_ref()).await?;
            }
            Ok(admitted)
        })
    }

    /// Every rate that the call is held to, its places, and the meters that it counts on.
    fn terms_of(&self, scope: &TenantScope, call: &Call, granted: Granted) -> Result<Terms, AdmitError> {
        let mut rates = Vec::with_capacity(4);
        let mut counted = Vec::new();
        let (tenant, live) = (scope.tenant_id(), is_live(scope));
        let mut hold = |policy, subject, pace: Option<PerMinute>| {
            rates.extend(pace.map(|pace| RateLimit { policy, subject, pace }));
        };
        match scope.principal() {
            Principal::ApiKey { key, .. } => {
                let tighter = [call.own, granted.rates.per_key].into_iter().flatten().min();
                hold("api_key", RateSubject::ApiKey(*key), tighter);
            }
            Principal::ServiceAccount { account } => {
                hold(
                    "service_account",
                    RateSubject::ServiceAccount(*account),
                    granted.rates.per_key,
                );
            }
            Principal::Member { user, .. } => {
                hold("person", RateSubject::Person(*user), call.person);
                hold("member", RateSubject::Member(tenant, *user), granted.rates.per_user);
            }
            Principal::Operator { user, .. } | Principal::Support { operator: user, .. } => {
                hold("person", RateSubject::Person(*user), call.person);
            }
            _ => {}
        }
        if let Some(class) = call.class {
            let subject = RateSubject::TenantClass(tenant, class, live);
            hold(class.as_str(), subject, granted.rates.of_class(class));
        }
        if let Some(reach) = &granted.reach {
            let now = self.ports.clock.now(scope);
            for meter in self.ports.meters.counted_by(MeterSource::Requests) {
                match (meter.kind, reach.entitlements.hard_limit(meter, now)) {
                    (MeterKind::Rate, Some(limit)) => {
                        let pace = per_minute(limit).ok_or_else(never)?;
                        let subject = RateSubject::Tenant(tenant, meter.code.clone(), live);
                        hold("plan", subject, Some(pace));
                    }
                    (MeterKind::Rate, None) => {}
                    (MeterKind::Counter | MeterKind::Gauge, _) => counted.push(meter.clone()),
                }
            }
        }
        Ok(Terms {
            rates,
            places: places(scope, call, &granted.rates),
            counted,
            reach: granted.reach,
            lasting: granted.lasting,
        })
    }

    async fn count(&self, scope: &TenantScope, meter: &Meter, reach: Option<&Reach>) -> Result<(), AdmitError> {
        let Some(reach) = reach else {
            return Ok(());
        };
        let now = self.ports.clock.now(scope);
        let leased = Leased {
            meter: meter.clone(),
            amount: 1,
            user: User::of(scope.principal(), None),
            live: is_live(scope),
            reach: reach.clone(),
            at: now,
        };
        let counted = self.ports.leased.count(scope, leased).await;
        counted.map_err(|cause| self.ports.refused(cause, reach, now))?;
        Ok(())
    }
}

/// Counts one call on every rate, or tells which one refuses it: [`AdmitError::TooFast`], or
/// [`AdmitError::RatesUnavailable`].
pub fn hold<'a>(rates: &dyn RateLimiter, limits: &'a [RateLimit]) -> Soon<'a, Result<Vec<Stand>, AdmitError>> {
    if limits.is_empty() {
        return Soon::Now(Ok(Vec::new()));
    }
    rates.call(limits).map(|paces| {
        let named = limits.iter().zip(paces?);
        let stands: Vec<Stand> = named
            .map(|(limit, pace)| Stand {
                policy: limit.policy,
                pace,
            })
            .collect();
        match AdmitError::too_fast(&stands) {
            None => Ok(stands),
            Some(refused) => Err(refused),
        }
    })
}

/// The places that the call takes among those at work.
fn places(scope: &TenantScope, call: &Call, rates: &PlanRates) -> Vec<PlaceLimit> {
    let mut limits = Vec::new();
    if !call.ends {
        return limits;
    }
    if let (Principal::ApiKey { key, .. }, Some(places)) = (scope.principal(), rates.concurrent_per_key) {
        limits.push(PlaceLimit {
            policy: "concurrent_per_key",
            subject: PlaceSubject::ApiKey(*key),
            places,
        });
    }
    if let Some(places) = rates.concurrent {
        limits.push(PlaceLimit {
            policy: "concurrent",
            subject: PlaceSubject::Tenant(scope.tenant_id(), is_live(scope)),
            places,
        });
    }
    limits
}

/// The refusal of a plan that grants no calls at all.
fn never() -> AdmitError {
    let wait = Duration::from_mins(1);
    let binding = Stand {
        policy: "plan",
        pace: Pace {
            allowed: false,
            limit: 0,
            remaining: 0,
            reset_after: wait,
            retry_after: wait,
        },
    };
    AdmitError::TooFast {
        binding,
        stands: vec![binding],
    }
}

pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
