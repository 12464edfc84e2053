//! Rates: who keeps them, this node alone or all nodes together through Redis, and what holds callers to them.

use std::num::NonZeroU32;
use std::sync::Arc;

use tenantry_http_actix::pace::{PaceLimits, QuotaPace};
use tenantry_kernel::Cipher;
use tenantry_lifecycle::catalog::{Catalog, EditionRates};
use tenantry_lifecycle::sign_in::GuessBudget;
use tenantry_quota_engine::{PaceKeeper, PlaceKeeper};
use tenantry_quotas::rate::RateLimiter;
use tenantry_quotas::usage::{RequestService, UsagePorts};
use tenantry_rates_redis::{RedisRates, RedisSettings, WhenGone};

use super::error::StartError;
use crate::config::{Config, RedisFail};

/// The keeper that the configuration asks for.
pub(super) async fn keeper(config: &Config, cipher: &Arc<dyn Cipher>) -> Result<Arc<dyn RateLimiter>, StartError> {
    let local: Arc<dyn RateLimiter> = Arc::new(PaceKeeper::new());
    let Some(url) = &config.redis_url else {
        return Ok(local);
    };
    let settings = RedisSettings {
        url: url.clone(),
        when_gone: match config.redis_fail {
            RedisFail::Open => WhenGone::Local,
            RedisFail::Closed => WhenGone::Refuse,
        },
        patience: config.redis_timeout,
        cipher: Arc::clone(cipher),
        local,
    };
    Ok(Arc::new(RedisRates::open(settings).await?))
}

/// Admits calls by what plans say.
pub(super) fn admission(ports: UsagePorts, catalog: &Catalog) -> Arc<RequestService> {
    let plans = Arc::new(EditionRates::of(catalog));
    Arc::new(RequestService::new(ports).with_plans(plans, Arc::new(PlaceKeeper::new())))
}

/// Admits requests by what plans and the configuration say.
pub(super) fn pace(config: &Config, rates: Arc<dyn RateLimiter>, calls: Arc<RequestService>) -> QuotaPace {
    let limits = PaceLimits {
        person: config.rate_limit_person.map(NonZeroU32::get),
        address: config.rate_limit_address.map(NonZeroU32::get),
    };
    QuotaPace::new(limits, rates, calls)
}

/// How many wrong guesses addresses and tenants have; none are counted where addresses are held to no rate.
pub(super) fn guesses(config: &Config, rates: &Arc<dyn RateLimiter>) -> GuessBudget {
    match config.rate_limit_address {
        Some(_) => GuessBudget::kept_by(Arc::clone(rates)),
        None => GuessBudget::unlimited(),
    }
}
