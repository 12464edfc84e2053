//! Platform keys, and when they were last used.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use papaya::HashMap;
use tenantry_identity::directory::PlatformKeyDirectory;
use tenantry_identity::platform_key::PlatformKey;
use tenantry_kernel::StoreError;
use tenantry_kernel::id::PlatformKeyId;
use time::OffsetDateTime;

use crate::facts::Facts;
use crate::revocations::{Owner, Revocations};

/// How long a use that was written down stands for later ones, in microseconds.
const USE_STANDS_US: i64 = 15_000_000;

/// A [`PlatformKeyDirectory`] that remembers keys, and writes a key's uses down four times a minute at most.
pub struct CachedPlatformKeys {
    inner: Arc<dyn PlatformKeyDirectory>,
    keys: Facts<PlatformKeyId, Arc<PlatformKey>>,
    /// Microseconds since 1970 of the last use that was written. Only keys that exist are in it.
    written: HashMap<PlatformKeyId, AtomicI64>,
}

impl CachedPlatformKeys {
    /// Remembers up to `capacity` keys.
    #[must_use]
    pub fn new(inner: Arc<dyn PlatformKeyDirectory>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            keys: Facts::new(capacity, Arc::clone(revocations)),
            written: HashMap::new(),
        }
    }

    /// True for the one caller who is to write this use down.
    fn is_due(&self, key: PlatformKeyId, at_us: i64) -> bool {
        let written = self.written.pin();
        let last = written.get_or_insert_with(key, || AtomicI64::new(i64::MIN));
        let before = last.load(Ordering::Acquire);
        at_us.saturating_sub(before) >= USE_STANDS_US
            && last
                .compare_exchange(before, at_us, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }
}

#[async_trait]
impl PlatformKeyDirectory for CachedPlatformKeys {
    async fn find_platform_key(&self, key: PlatformKeyId) -> Result<Option<Arc<PlatformKey>>, StoreError> {
        let load = || self.inner.find_platform_key(key);
        self.keys.get_or_load(key, Owner::Installation, load).await
    }

    async fn touch_platform_key(&self, key: PlatformKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let at_us = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        if self.is_due(key, at_us) {
            self.inner.touch_platform_key(key, at).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tenantry_activity::feed::{CommitListener, Committed};
    use tenantry_identity::directory::MockPlatformKeyDirectory;
    use tenantry_identity::testing::fixtures::{NOW, platform_key};
    use time::Duration;
    use tokio::time::Instant;

    use super::*;

    fn cached(inner: MockPlatformKeyDirectory) -> (CachedPlatformKeys, Arc<Revocations>) {
        let revocations = Arc::new(Revocations::new());
        revocations.heard(Instant::now());
        (CachedPlatformKeys::new(Arc::new(inner), 10, &revocations), revocations)
    }

    #[tokio::test]
    async fn a_key_is_asked_for_once_until_something_happens_to_the_installation() {
        let mut inner = MockPlatformKeyDirectory::new();
        let found = || Ok(Some(Arc::new(platform_key(1))));
        inner.expect_find_platform_key().times(2).returning(move |_| found());
        let (cached, revocations) = cached(inner);
        let id = platform_key(1).id();

        for _ in 0..3 {
            assert!(cached.find_platform_key(id).await.unwrap().is_some());
        }
        revocations.committed(Committed {
            tenant: None,
            user: None,
        });
        assert!(cached.find_platform_key(id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn uses_are_written_four_times_a_minute_at_most() {
        let mut inner = MockPlatformKeyDirectory::new();
        inner.expect_touch_platform_key().times(2).returning(|_, _| Ok(()));
        let (cached, _) = cached(inner);
        let id = platform_key(1).id();

        for second in 0..20 {
            let at = NOW + Duration::seconds(second);
            cached.touch_platform_key(id, at).await.unwrap();
        }
    }
}
