//! The port, over Redis while it answers and over this node's keeper while it does not.

use std::sync::Arc;
use std::time::Duration;

use tenantry_kernel::{Cipher, Secret};
use tenantry_quotas::rate::{RateAnswer, RateLimit, RateLimiter, RatesUnavailable};

use crate::keys;
use crate::link::{InvalidRedisUrl, Link};
use crate::script::Question;

/// What holds while Redis does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenGone {
    /// This node's own keeper.
    Local,
    /// Nothing passes.
    Refuse,
}

/// What sharing rates needs.
pub struct RedisSettings {
    /// Where Redis is.
    pub url: Secret<String>,
    /// What holds while it does not answer.
    pub when_gone: WhenGone,
    /// How long a call waits for it at most.
    pub patience: Duration,
    /// Names subjects; alike on all nodes.
    pub cipher: Arc<dyn Cipher>,
    /// This node's own keeper.
    pub local: Arc<dyn RateLimiter>,
}

/// Holds callers to rates that all nodes on one Redis share.
pub struct RedisRates {
    link: Arc<Link>,
    when_gone: WhenGone,
    cipher: Arc<dyn Cipher>,
    local: Arc<dyn RateLimiter>,
}

impl RedisRates {
    /// Connects. Redis that does not answer is no reason not to start: it is looked for until it does.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`].
    pub async fn open(settings: RedisSettings) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            link: Link::open(&settings.url, settings.patience).await?,
            when_gone: settings.when_gone,
            cipher: settings.cipher,
            local: settings.local,
        })
    }

    /// True while rates are shared.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.link.is_live()
    }

    fn answer(&self, limits: &[RateLimit], count: bool) -> RateAnswer {
        if limits.is_empty() {
            return RateAnswer::Now(Ok(Vec::new()));
        }
        if !self.link.is_live() {
            return alone(self.when_gone, &*self.local, limits, count);
        }
        let question = Question::new(limits, count, |limit| keys::of(&limit.subject, &*self.cipher));
        let (link, local, when_gone) = (Arc::clone(&self.link), Arc::clone(&self.local), self.when_gone);
        let limits = limits.to_vec();
        RateAnswer::Later(Box::pin(async move {
            match link.ask(&question).await {
                Some(paces) => Ok(paces),
                None => alone(when_gone, &*local, &limits, count).get().await,
            }
        }))
    }
}

/// The answer without Redis.
fn alone(when_gone: WhenGone, local: &dyn RateLimiter, limits: &[RateLimit], count: bool) -> RateAnswer {
    metrics::counter!("rates_redis_missed_total").increment(1);
    match (when_gone, count) {
        (WhenGone::Refuse, true) => RateAnswer::Now(Err(RatesUnavailable)),
        (WhenGone::Local, true) => local.call(limits),
        (_, false) => local.peek(limits),
    }
}

impl RateLimiter for RedisRates {
    fn call(&self, limits: &[RateLimit]) -> RateAnswer {
        self.answer(limits, true)
    }

    fn peek(&self, limits: &[RateLimit]) -> RateAnswer {
        self.answer(limits, false)
    }
}

#[cfg(test)]
mod tests;
