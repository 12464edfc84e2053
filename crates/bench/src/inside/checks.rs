//! Checks from memory: what one costs, in nanoseconds on one core.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use tenantry_activity::feed::{FeedCursor, FeedPage, InvalidationFeed};
use tenantry_cache::{CachedEntitlements, Invalidator, Revocations};
use tenantry_kernel::{Code, StoreError, TenantScope, async_trait};
use tenantry_quotas::directory::{EntitlementSource, PlanLadder};
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::meter::MeterBook;
use tenantry_test_support::TestStore;

use super::fixture::{self, Granted};
use crate::suite::median;
use crate::{Outcome, Plan};

/// What a check may cost.
const TARGET_NS: f64 = 200.0;
/// How many checks are timed together.
const CHECKS: u32 = 200_000;

/// What one check costs.
#[derive(Serialize)]
pub struct Check {
    pub name: &'static str,
    /// The median of the rounds.
    pub ns: f64,
    pub target_ns: f64,
}

/// The feed of an installation where nothing happens.
struct Silence;

#[async_trait]
impl InvalidationFeed for Silence {
    async fn now(&self) -> Result<FeedCursor, StoreError> {
        Ok(FeedCursor::default())
    }

    async fn since(&self, cursor: FeedCursor) -> Result<FeedPage, StoreError> {
        Ok(FeedPage {
            notices: Vec::new(),
            next: cursor,
        })
    }
}

struct NoLadder;

impl PlanLadder for NoLadder {
    fn lifting(&self, _current: &Code, _meter: &Code, _needed: i64) -> Option<Code> {
        None
    }

    fn granting(&self, _current: &Code, _feature: &Code) -> Option<Code> {
        None
    }
}

/// Measures all of them.
pub async fn measure(plan: &Plan) -> Outcome<Vec<Check>> {
    let mut checks: Vec<Check> = [("one rate limit", 1), ("three rate limits of a call", 3)]
        .into_iter()
        .map(|(name, rates)| check(name, vec![crate::rates::nanoseconds(rates)]))
        .collect();
    checks.extend(entitlements(plan).await?);
    Ok(checks)
}

async fn entitlements(plan: &Plan) -> Outcome<Vec<Check>> {
    let revocations = Arc::new(Revocations::new());
    let mut invalidator = Invalidator::new(Arc::new(Silence), Arc::clone(&revocations));
    let granted = Arc::new(Granted(fixture::entitlements()?));
    let cached = Arc::new(CachedEntitlements::new(granted, 100_000, &revocations));
    let test = TestStore::in_memory().await;
    let service = EntitlementService::new(
        Arc::new(test.store.clone()),
        cached.clone(),
        Arc::new(NoLadder),
        Arc::new(MeterBook::new(vec![fixture::meter()?])?),
        test.clock.clone(),
    );
    let scope = TenantScope::for_test(1, &[]);
    let (tenant, feature) = (scope.tenant_id(), Code::try_from("sso")?);
    let (mut of_cache, mut of_service) = (Vec::new(), Vec::new());
    for _ in 0..=plan.rounds {
        // The caches are trusted for a second after each look.
        invalidator.poll().await?;
        let began = Instant::now();
        for _ in 0..CHECKS {
            let found = cached.of(black_box(tenant)).await?;
            black_box(found.is_some_and(|found| found.grants(&feature)));
        }
        of_cache.push(per_check(began));
        invalidator.poll().await?;
        let began = Instant::now();
        for _ in 0..CHECKS {
            service.require_feature(black_box(&scope), &feature).await?;
        }
        of_service.push(per_check(began));
    }
    test.close().await;
    // The first round is to warm up.
    Ok(vec![
        check("entitlement from the cache", of_cache.split_off(1)),
        check("require a feature", of_service.split_off(1)),
    ])
}

fn per_check(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e9 / f64::from(CHECKS)
}

fn check(name: &'static str, mut rounds: Vec<f64>) -> Check {
    Check {
        name,
        ns: median(&mut rounds),
        target_ns: TARGET_NS,
    }
}
