//! The ring of signing keys: the one that signs, the next one, which is published before it signs, and
//! former ones for as long as a token of theirs may live.

mod pair;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::jwk::JwkSet;
use tenantry_identity::signing_key::{SIGNING_KEY_EXISTS, SigningKey, SigningKeyRepository};
use tenantry_identity::token::AccessClaims;
use tenantry_kernel::{Cipher, Clock, Entropy, StoreError};
use time::{Duration, OffsetDateTime};

pub(crate) use pair::KeyPair;

/// How long a key is published before it signs: longer than anyone should cache the key set.
pub const PUBLISHED_AHEAD: Duration = Duration::hours(24);
/// How long a key signs before the next one is made.
pub const SIGNS_FOR: Duration = Duration::days(90);
/// How long a former key is kept: the longest life of a token and the widest leeway, doubled.
const KEPT_AFTER: Duration = Duration::minutes(2 * AccessClaims::MAX_LIFE.whole_minutes() + 1);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The store failed.
    #[error("could not reach the signing keys")]
    Store(#[source] StoreError),
    /// The master key is another one than the keys were sealed with.
    #[error("the signing key {kid} cannot be opened: is this the master key of this database?")]
    WrongMasterKey {
        /// The key.
        kid: String,
    },
    /// The stored key is no Ed25519 key, or has another name than it should.
    #[error("the signing key {kid} is damaged")]
    Damaged {
        /// The key.
        kid: String,
    },
    /// No key signs yet.
    #[error("no signing key is in use yet")]
    NoneInUse,
}

impl From<StoreError> for KeyRingError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

/// What the ring needs.
pub struct KeyRingPorts {
    /// Where keys are kept.
    pub repository: Arc<dyn SigningKeyRepository>,
    /// Seals them.
    pub cipher: Arc<dyn Cipher>,
    /// Makes them.
    pub entropy: Arc<dyn Entropy>,
    /// Tells which one's turn it is.
    pub clock: Arc<dyn Clock>,
}

struct Slot {
    signs_from: OffsetDateTime,
    /// When it has no say any more; `None` while it is the youngest.
    gone_at: Option<OffsetDateTime>,
    pair: Arc<KeyPair>,
}

/// The installation's keys, shared by signer and verifier.
pub struct KeyRing {
    ports: KeyRingPorts,
    slots: RwLock<Arc<Vec<Slot>>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(…)")
    }
}

impl KeyRing {
    /// Loads the ring; makes the installation's first key when there is none. Of several nodes that start
    /// at once, one makes it and all use it.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn open(ports: KeyRingPorts) -> Result<Self, KeyRingError> {
        let ring = Self {
            ports,
            slots: RwLock::default(),
        };
        let now = ring.ports.clock.system_now();
        let mut stored = ring.ports.repository.list().await?;
        if stored.is_empty() {
            ring.make(1, now, now).await?;
            stored = ring.ports.repository.list().await?;
        }
        ring.take(&stored)?;
        ring.current()?;
        Ok(ring)
    }

    /// Opens every key there is, and makes none: how many there are.
    ///
    /// # Errors
    /// [`KeyRingError`]; `WrongMasterKey` when the cipher's master key is not the one they were sealed with.
    pub async fn examine(repository: &dyn SigningKeyRepository, cipher: &dyn Cipher) -> Result<usize, KeyRingError> {
        let stored = repository.list().await?;
        for key in &stored {
            unseal(cipher, key)?;
        }
        Ok(stored.len())
    }

    /// Reads the keys again, and makes the next one when the youngest has signed long enough. Call it every
    /// few minutes on every node.
    ///
    /// # Errors
    /// [`KeyRingError`]; the ring stays as it was.
    pub async fn maintain(&self) -> Result<(), KeyRingError> {
        let now = self.ports.clock.system_now();
        let mut stored = self.ports.repository.list().await?;
        let due = stored.last().filter(|youngest| now >= youngest.signs_from + SIGNS_FOR);
        if let Some(youngest) = due {
            self.make(youngest.sequence + 1, now, now + PUBLISHED_AHEAD).await?;
            stored = self.ports.repository.list().await?;
        }
        self.take(&stored)
    }

    /// Makes a next key at once, as after a suspicion. It signs when it has been published long enough.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn rotate(&self) -> Result<(), KeyRingError> {
        let now = self.ports.clock.system_now();
        let stored = self.ports.repository.list().await?;
        let sequence = stored.last().map_or(1, |youngest| youngest.sequence + 1);
        self.make(sequence, now, now + PUBLISHED_AHEAD).await?;
        self.take(&self.ports.repository.list().await?)
    }

    /// The key that signs now.
    pub(crate) fn current(&self) -> Result<Arc<KeyPair>, KeyRingError> {
        let now = self.ports.clock.system_now();
        let slots = self.slots();
        let current = slots.iter().rev().find(|slot| slot.signs_from <= now);
        current
            .map(|slot| Arc::clone(&slot.pair))
            .ok_or(KeyRingError::NoneInUse)
    }

    /// The key of that name, when a token of it may be good at `now`.
    pub(crate) fn find(&self, kid: &str, now: OffsetDateTime) -> Option<Arc<KeyPair>> {
        let slots = self.slots();
        let found = slots.iter().find(|slot| slot.pair.kid() == kid && slot.is_known(now))?;
        Some(Arc::clone(&found.pair))
    }

    /// The public keys: former, current and next.
    pub(crate) fn jwk_set(&self) -> JwkSet {
        let now = self.ports.clock.system_now();
        let slots = self.slots();
        let known = slots.iter().filter(|slot| slot.is_known(now));
        JwkSet {
            keys: known.map(|slot| slot.pair.jwk().clone()).collect(),
        }
    }

    fn slots(&self) -> Arc<Vec<Slot>> {
        Arc::clone(&self.slots.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stores a fresh key. Another node that was faster made an equally good one.
    async fn make(&self, sequence: i64, now: OffsetDateTime, signs_from: OffsetDateTime) -> Result<(), KeyRingError> {
        let mut seed = [0; 32];
        self.ports.entropy.fill(&mut seed);
        let damaged = || KeyRingError::Damaged { kid: String::new() };
        let pair = KeyPair::from_seed(&seed).ok_or_else(damaged)?;
        let key = SigningKey {
            sequence,
            kid: pair.kid().to_owned(),
            sealed: self.ports.cipher.seal(&context(pair.kid()), &seed),
            created_at: now,
            signs_from,
        };
        match self.ports.repository.insert(&key).await {
            Ok(()) | Err(StoreError::Conflict(SIGNING_KEY_EXISTS)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    fn take(&self, stored: &[SigningKey]) -> Result<(), KeyRingError> {
        let mut slots = Vec::with_capacity(stored.len());
        let successors = stored.iter().skip(1).map(Some).chain([None]);
        for (key, successor) in stored.iter().zip(successors) {
            slots.push(Slot {
                signs_from: key.signs_from,
                gone_at: successor.map(|next| next.signs_from + KEPT_AFTER),
                pair: Arc::new(unseal(self.ports.cipher.as_ref(), key)?),
            });
        }
        *self.slots.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(slots);
        Ok(())
    }
}

fn unseal(cipher: &dyn Cipher, key: &SigningKey) -> Result<KeyPair, KeyRingError> {
    let kid = || key.kid.clone();
    let opened = cipher.open(&context(&key.kid), &key.sealed);
    let seed = opened.map_err(|_| KeyRingError::WrongMasterKey { kid: kid() })?;
    KeyPair::from_seed(seed.expose())
        .filter(|pair| pair.kid() == key.kid)
        .ok_or_else(|| KeyRingError::Damaged { kid: kid() })
}

impl Slot {
    fn is_known(&self, now: OffsetDateTime) -> bool {
        self.gone_at.is_none_or(|gone| now < gone)
    }
}

fn context(kid: &str) -> String {
    format!("signing-key:{kid}")
}

#[cfg(test)]
pub(crate) mod tests;
