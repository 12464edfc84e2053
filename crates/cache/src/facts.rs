//! Cached facts with owners: the one place that decides whether a cached value may be answered.
//!
//! Of many who miss the same fact at once one asks the database. The others wait for that answer, and ask themselves only
//! when it was nothing to keep: after a commit a busy tenant costs one question, not one for each of its requests.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use papaya::HashMap;
use tenantry_kernel::StoreError;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::bounded::Bounded;
use crate::revocations::{Owner, Revocations, Stamp};

/// Values under keys, each void once its owner's epoch has moved.
pub(crate) struct Facts<K, V> {
    entries: Bounded<K, Stamped<V>>,
    /// What is being loaded.
    loading: HashMap<K, Arc<Mutex<()>>, RandomState>,
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
            loading: HashMap::default(),
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
        good: impl Fn(&V) -> bool,
        load: impl FnOnce() -> F,
    ) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if !self.revocations.is_fresh() {
            return load().await;
        }
        if let Some(value) = self.get(&key).filter(&good) {
            return Ok(Some(value));
        }
        let turn = self.turn(&key).await;
        if turn.is_none()
            && self.revocations.is_fresh()
            && let Some(value) = self.get(&key).filter(&good)
        {
            return Ok(Some(value));
        }
        // The stamp before the load: a commit in between leaves it behind.
        let stamp = self.revocations.stamp(owner);
        let loaded = load().await?;
        if let Some(value) = &loaded {
            self.keep(key, owner, stamp, value.clone());
        }
        drop(turn);
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
        let turn = self.turn(&key).await;
        if turn.is_none()
            && self.revocations.is_fresh()
            && let Some(value) = self.get(&key)
        {
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
        drop(turn);
        Ok(loaded)
    }

    /// The turn to load this; `None` after somebody else's has ended.
    async fn turn(&self, key: &K) -> Option<Turn<'_, K, V>> {
        let lock = Arc::clone(self.loading.pin().get_or_insert_with(key.clone(), Arc::default));
        if let Ok(held) = Arc::clone(&lock).try_lock_owned() {
            return Some(Turn {
                facts: self,
                key: key.clone(),
                _held: held,
            });
        }
        drop(lock.lock().await);
        None
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

/// Somebody loads a value. It ends with the load, also when nobody waits for that any more.
struct Turn<'a, K: Hash + Eq, V> {
    facts: &'a Facts<K, V>,
    key: K,
    _held: OwnedMutexGuard<()>,
}

impl<K: Hash + Eq, V> Drop for Turn<'_, K, V> {
    /// Before the lock is let go: whoever comes now begins anew.
    fn drop(&mut self) {
        self.facts.loading.pin().remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
