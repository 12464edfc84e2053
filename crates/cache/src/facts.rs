//! Cached facts with owners: the one place that decides whether a cached value may be answered.

use std::hash::Hash;
use std::sync::Arc;

use tenantry_kernel::StoreError;

use crate::bounded::Bounded;
use crate::revocations::{Owner, Revocations, Stamp};

/// Values under keys, each void once its owner's epoch has moved.
pub(crate) struct Facts<K, V> {
    entries: Bounded<K, Stamped<V>>,
    revocations: Arc<Revocations>,
}

#[derive(Clone)]
struct Stamped<V> {
    stamp: Stamp,
    owner: Owner,
    value: V,
}

impl<K: Hash + Eq + Clone, V: Clone> Facts<K, V> {
    pub(crate) fn new(capacity: usize, revocations: Arc<Revocations>) -> Self {
        Self {
            entries: Bounded::new(capacity),
            revocations,
        }
    }

    /// The cached value, or what `load` answers. Absence is answered and not kept. A hit does not even
    /// make the future of the load.
    pub(crate) async fn get_or_load<F>(
        &self,
        key: K,
        owner: Owner,
        load: impl FnOnce() -> F,
    ) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        self.get_or_load_if(key, owner, |_| true, load).await
    }

    /// The same, believing the cached value only while it is `good` in itself.
    pub(crate) async fn get_or_load_if<F>(
        &self,
        key: K,
        owner: Owner,
        good: impl FnOnce(&V) -> bool,
        load: impl FnOnce() -> F,
    ) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if !self.revocations.is_fresh() {
            return load().await;
        }
        if let Some(value) = self.get(&key).filter(good) {
            return Ok(Some(value));
        }
        // The stamp before the load: a commit in between leaves it behind.
        let stamp = self.revocations.stamp(owner);
        let loaded = load().await?;
        if let Some(value) = &loaded {
            self.keep(key, owner, stamp, value.clone());
        }
        Ok(loaded)
    }

    /// The same where only the value tells its owner: kept when no owner committed during the load.
    pub(crate) async fn get_or_load_by<F>(
        &self,
        key: K,
        owner_of: impl Fn(&V) -> Owner,
        load: impl FnOnce() -> F,
    ) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if !self.revocations.is_fresh() {
            return load().await;
        }
        if let Some(value) = self.get(&key) {
            return Ok(Some(value));
        }
        let any = self.revocations.stamp_of_any();
        let loaded = load().await?;
        if let Some(value) = &loaded {
            let owner = owner_of(value);
            let stamp = self.revocations.stamp(owner);
            // After the stamp: a commit moves `any` first and its owner second, so one that this look
            // misses leaves the stamp behind.
            if self.revocations.stamp_of_any() == any {
                self.keep(key, owner, stamp, value.clone());
            }
        }
        Ok(loaded)
    }

    fn get(&self, key: &K) -> Option<V> {
        let entry = self.entries.get(key)?;
        (self.revocations.stamp(entry.owner) == entry.stamp).then_some(entry.value)
    }

    fn keep(&self, key: K, owner: Owner, stamp: Stamp, value: V) {
        if self.revocations.stamp(owner) == stamp {
            self.entries.insert(key, Stamped { stamp, owner, value });
        }
    }
}

#[cfg(test)]
mod tests;
