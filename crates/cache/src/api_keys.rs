//! API keys, and when they were last used.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use foldhash::fast::RandomState;
use papaya::HashMap;
use tenantry_identity::api_key::ApiKey;
use tenantry_identity::directory::ApiKeyDirectory;
use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{StoreError, TenantId};
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval};

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

type Key = (TenantId, ApiKeyId);

/// An [`ApiKeyDirectory`] that remembers keys, and gathers their uses to write them in batches.
///
/// Keys that do not exist are asked for every time: their checksum has refused junk before.
pub struct CachedApiKeys {
    inner: Arc<dyn ApiKeyDirectory>,
    keys: Facts<Key, Arc<ApiKey>>,
    /// Microseconds since 1970 of the last use that is not written yet; 0 when there is none.
    used: HashMap<Key, AtomicI64, RandomState>,
    capacity: usize,
}

impl CachedApiKeys {
    /// Remembers up to `capacity` keys.
    #[must_use]
    pub fn new(inner: Arc<dyn ApiKeyDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            keys: Facts::new(capacity, Arc::clone(revocations)),
            used: HashMap::default(),
            capacity,
        }
    }

    /// Writes the uses gathered so far, and tells how many keys they were of. Call it before the end, too.
    ///
    /// # Errors
    /// The first error of the inner directory; what was not written is kept for the next time.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let mut uses = self.take_uses().into_iter();
        let mut written = 0;
        while let Some((key, at_us)) = uses.next() {
            let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_us) * 1_000) else {
                continue;
            };
            if let Err(error) = self.inner.touch(key.0, key.1, at).await {
                for (key, at_us) in std::iter::once((key, at_us)).chain(uses) {
                    self.note(key, at_us);
                }
                return Err(error);
            }
            written += 1;
        }
        Ok(written)
    }

    /// Flushes `every` so often, for ever: abort the task to stop it.
    pub async fn run(&self, every: Duration) -> std::convert::Infallible {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.flush().await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the last uses of API keys could not be written; trying again");
            }
        }
    }

    fn take_uses(&self) -> Vec<(Key, i64)> {
        let used = self.used.pin();
        let mut taken = Vec::new();
        for (key, at_us) in &used {
            match at_us.swap(0, Ordering::AcqRel) {
                // Unused since the last time: make room. A use in this very moment may be left out.
                0 => {
                    used.remove(key);
                }
                at_us => taken.push((*key, at_us)),
            }
        }
        taken
    }

    /// False when there is no room for another key.
    fn note(&self, key: Key, at_us: i64) -> bool {
        let used = self.used.pin();
        if let Some(last) = used.get(&key) {
            last.fetch_max(at_us, Ordering::AcqRel);
            return true;
        }
        if used.len() >= self.capacity {
            return false;
        }
        used.get_or_insert_with(key, || AtomicI64::new(0))
            .fetch_max(at_us, Ordering::AcqRel);
        true
    }
}

#[async_trait]
impl ApiKeyDirectory for CachedApiKeys {
    async fn find(&self, tenant: TenantId, key: ApiKeyId) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let load = || self.inner.find(tenant, key);
        self.keys.get_or_load((tenant, key), Owner::Tenant(tenant), load).await
    }

    async fn touch(&self, tenant: TenantId, key: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let at_us = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        if self.note((tenant, key), at_us) {
            return Ok(());
        }
        self.inner.touch(tenant, key, at).await
    }
}

#[cfg(test)]
mod tests;
