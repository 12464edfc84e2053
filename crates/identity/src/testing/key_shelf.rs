//! Signing keys in memory, with the rules of the port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::{Event, StoreError, SystemScope, Transaction};

use crate::signing_key::{
    SIGNING_KEY_EXISTS, SigningKey, SigningKeyDirectory, SigningKeyRepository, SigningKeyStore, SigningKeyUnit,
};

#[derive(Default)]
struct Contents {
    keys: Vec<SigningKey>,
    actions: Vec<&'static str>,
}

/// The keys of an installation. A unit's writes are there when it commits.
#[derive(Clone, Default)]
pub struct KeyShelf(Arc<Mutex<Contents>>);

impl KeyShelf {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The actions of every event that was committed.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.contents().actions.clone()
    }

    /// Puts a key there, in place of one with its sequence number.
    pub fn put(&self, key: SigningKey) {
        let mut contents = self.contents();
        contents.keys.retain(|kept| kept.sequence != key.sequence);
        contents.keys.push(key);
        contents.keys.sort_by_key(|kept| kept.sequence);
    }
}

#[async_trait]
impl SigningKeyDirectory for KeyShelf {
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(self.contents().keys.clone())
    }
}

#[async_trait]
impl SigningKeyStore for KeyShelf {
    async fn begin_signing_keys(&self, _: &SystemScope) -> Result<Box<dyn SigningKeyUnit>, StoreError> {
        let keys = self.contents().keys.clone();
        Ok(Box::new(Unit {
            shelf: self.clone(),
            keys,
        }))
    }
}

struct Unit {
    shelf: KeyShelf,
    keys: Vec<SigningKey>,
}

#[async_trait]
impl Transaction for Unit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        let mut contents = self.shelf.contents();
        contents.keys = self.keys;
        contents.actions.extend(events.iter().map(|event| event.action));
        Ok(())
    }
}

impl SigningKeyUnit for Unit {
    fn signing_keys(&mut self) -> &mut dyn SigningKeyRepository {
        self
    }
}

#[async_trait]
impl SigningKeyRepository for Unit {
    async fn insert(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        if self.keys.iter().any(|kept| kept.sequence == key.sequence) {
            return Err(StoreError::Conflict(SIGNING_KEY_EXISTS));
        }
        self.keys.push(key.clone());
        Ok(())
    }

    async fn update(&mut self, before: &SigningKey, after: &SigningKey) -> Result<(), StoreError> {
        let kept = self.keys.iter_mut().find(|kept| **kept == *before);
        *kept.ok_or(StoreError::Stale)? = after.clone();
        Ok(())
    }
}
