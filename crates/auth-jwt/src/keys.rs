//! The ring of signing keys: the one that signs, the next one, which is published before it signs, and
//! former ones for as long as a token of theirs may live.

mod maker;
mod pair;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::jwk::JwkSet;
use tenantry_identity::signing_key::{KeyLife, SigningKey, SigningKeyDirectory, lives};
use tenantry_kernel::{Cipher, Clock, StoreError};
use time::OffsetDateTime;

pub use maker::SealedKeyMaker;
pub(crate) use pair::KeyPair;

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
    /// The stored key is no key of its algorithm, or has another name than it should.
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
    pub directory: Arc<dyn SigningKeyDirectory>,
    /// Opens them.
    pub cipher: Arc<dyn Cipher>,
    /// Tells which one's turn it is.
    pub clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Keys {
    stored: Vec<SigningKey>,
    /// In the order of `stored`.
    pairs: Vec<Arc<KeyPair>>,
}

/// The installation's keys, shared by signer and verifier. It reads them; the service of signing keys makes them.
pub struct KeyRing {
    ports: KeyRingPorts,
    keys: RwLock<Arc<Keys>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(…)")
    }
}

impl KeyRing {
    /// Loads the ring.
    ///
    /// # Errors
    /// [`KeyRingError`]; `NoneInUse` when no key was made yet.
    pub async fn open(ports: KeyRingPorts) -> Result<Self, KeyRingError> {
        let ring = Self {
            ports,
            keys: RwLock::default(),
        };
        ring.reload().await?;
        ring.current()?;
        Ok(ring)
    }

    /// Opens every key there is: how many there are.
    ///
    /// # Errors
    /// [`KeyRingError`]; `WrongMasterKey` when the cipher's master key is not the one they were sealed with.
    pub async fn examine(directory: &dyn SigningKeyDirectory, cipher: &dyn Cipher) -> Result<usize, KeyRingError> {
        let stored = directory.signing_keys().await?;
        for key in &stored {
            unseal(cipher, key)?;
        }
        Ok(stored.len())
    }

    /// Reads the keys again; true when they are others than before. Call it when somebody may have changed them, and
    /// every few minutes besides.
    ///
    /// # Errors
    /// [`KeyRingError`]; the ring stays as it was.
    pub async fn reload(&self) -> Result<bool, KeyRingError> {
        let stored = self.ports.directory.signing_keys().await?;
        let before = self.keys();
        if stored == before.stored {
            return Ok(false);
        }
        let open = |key: &SigningKey| {
            let known = before.pairs.iter().find(|pair| pair.kid() == key.kid);
            known.map_or_else(
                || unseal(&*self.ports.cipher, key).map(Arc::new),
                |pair| Ok(Arc::clone(pair)),
            )
        };
        let pairs = stored.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Keys { stored, pairs });
        Ok(true)
    }

    /// The key that signs now.
    pub(crate) fn current(&self) -> Result<Arc<KeyPair>, KeyRingError> {
        let now = self.ports.clock.system_now();
        let current = self.at(now).into_iter().find(|(life, _)| life.signs);
        current.map(|(_, pair)| pair).ok_or(KeyRingError::NoneInUse)
    }

    /// The key of that name, when a token of it may be good at `now`.
    pub(crate) fn find(&self, kid: &str, now: OffsetDateTime) -> Option<Arc<KeyPair>> {
        let known = self.at(now).into_iter().filter(|(life, _)| life.is_known(now));
        known.map(|(_, pair)| pair).find(|pair| pair.kid() == kid)
    }

    /// The public keys: former, current and next.
    pub(crate) fn jwk_set(&self) -> JwkSet {
        let now = self.ports.clock.system_now();
        let known = self.at(now).into_iter().filter(|(life, _)| life.is_known(now));
        JwkSet {
            keys: known.map(|(_, pair)| pair.jwk().clone()).collect(),
        }
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn at(&self, now: OffsetDateTime) -> Vec<(KeyLife, Arc<KeyPair>)> {
        let keys = self.keys();
        let pairs = keys.pairs.iter().map(Arc::clone);
        lives(&keys.stored, now).into_iter().zip(pairs).collect()
    }
}

fn unseal(cipher: &dyn Cipher, key: &SigningKey) -> Result<KeyPair, KeyRingError> {
    let kid = || key.kid.clone();
    let opened = cipher.open(&context(&key.kid), &key.sealed);
    let private = opened.map_err(|_| KeyRingError::WrongMasterKey { kid: kid() })?;
    KeyPair::of(key.algorithm, private.expose())
        .filter(|pair| pair.kid() == key.kid)
        .ok_or_else(|| KeyRingError::Damaged { kid: kid() })
}

fn context(kid: &str) -> String {
    format!("signing-key:{kid}")
}

#[cfg(test)]
pub(crate) mod tests;
