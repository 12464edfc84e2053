//! Use cases of signing keys: list, rotate, revoke, and the rotation that happens by itself.

mod error;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_kernel::{Clock, Event, StoreError, SystemScope};
use time::{Duration, OffsetDateTime};

pub use error::SigningKeyError;

use super::model::{KeyLife, PUBLISHED_AHEAD, SigningKey, TokenAlgorithm, lives};
use super::repository::{KeyMaker, SIGNING_KEY_EXISTS, SigningKeyStore};
use crate::permissions::{PLATFORM_MANAGE, PLATFORM_READ};

/// How often somebody who lost a race tries again.
const TRIES: usize = 3;

/// What the operator says about signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningRules {
    /// What new keys sign with.
    pub algorithm: TokenAlgorithm,
    /// How long a key signs before the next one is made.
    pub signs_for: Duration,
}

impl Default for SigningRules {
    fn default() -> Self {
        Self {
            algorithm: TokenAlgorithm::EdDsa,
            signs_for: Duration::days(90),
        }
    }
}

/// Looks after the keys that sign access tokens.
pub struct SigningKeyService {
    store: Arc<dyn SigningKeyStore>,
    maker: Arc<dyn KeyMaker>,
    clock: Arc<dyn Clock>,
    rules: SigningRules,
}

impl SigningKeyService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn SigningKeyStore>,
        maker: Arc<dyn KeyMaker>,
        clock: Arc<dyn Clock>,
        rules: SigningRules,
    ) -> Self {
        Self {
            store,
            maker,
            clock,
            rules,
        }
    }

    /// All keys there ever were, the youngest first, as they stand now; and when "now" is.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn list(&self, scope: &SystemScope) -> Result<(Vec<KeyLife>, OffsetDateTime), SigningKeyError> {
        scope.require(&PLATFORM_READ)?;
        let now = self.clock.system_now();
        let mut keys = lives(&self.store.signing_keys().await?, now);
        keys.reverse();
        Ok((keys, now))
    }

    /// Makes and publishes the next key. It signs once it has been published long enough.
    ///
    /// # Errors
    /// `Denied`; `Pending` while a key waits for its turn already; `LostRace`; `Making`; `Store`.
    pub async fn rotate(&self, scope: &SystemScope) -> Result<KeyLife, SigningKeyError> {
        scope.require(&PLATFORM_MANAGE)?;
        let now = self.clock.system_now();
        let stored = self.store.signing_keys().await?;
        if let Some(waiting) = waiting(&stored, now) {
            return Err(SigningKeyError::Pending(waiting.signs_from));
        }
        let key = self.make(&stored, now, now + PUBLISHED_AHEAD).await?;

        let mut unit = self.store.begin_signing_keys(scope).await?;
        unit.signing_keys().insert(&key).await?;
        unit.commit(vec![created(&key)]).await?;
        Ok(KeyLife {
            key,
            gone_at: None,
            signs: false,
        })
    }

    /// Revokes a key: nothing that it signed is believed any more, within a second on every node. When it is the one
    /// that signs, the next one takes over at once, and one is made when there is none.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Making`, `Store`.
    pub async fn revoke(&self, scope: &SystemScope, kid: &str) -> Result<(), SigningKeyError> {
        scope.require(&PLATFORM_MANAGE)?;
        for _ in 1..TRIES {
            match self.try_to_revoke(scope, kid).await {
                // Somebody made, advanced or revoked a key meanwhile: look again.
                Err(SigningKeyError::Store(StoreError::Stale | StoreError::Contended) | SigningKeyError::LostRace) => {}
                outcome => return outcome,
            }
        }
        self.try_to_revoke(scope, kid).await
    }

    async fn try_to_revoke(&self, scope: &SystemScope, kid: &str) -> Result<(), SigningKeyError> {
        let now = self.clock.system_now();
        let stored = self.store.signing_keys().await?;
        let found = lives(&stored, now).into_iter().find(|life| life.key.kid == kid);
        let KeyLife { key, signs, .. } = found.ok_or(SigningKeyError::NotFound)?;
        if key.revoked_at.is_some() {
            return Ok(());
        }
        let waiting = waiting(&stored, now);
        let fresh = if signs && waiting.is_none() {
            Some(self.make(&stored, now, now).await?)
        } else {
            None
        };

        let mut unit = self.store.begin_signing_keys(scope).await?;
        let revoked = SigningKey {
            revoked_at: Some(now),
            ..key.clone()
        };
        unit.signing_keys().update(&key, &revoked).await?;
        let mut events = vec![Event::new("signing_key.revoked", &key.kid).set("revoked_at", now)];
        match (fresh, waiting) {
            (Some(fresh), _) => {
                unit.signing_keys().insert(&fresh).await?;
                events.push(created(&fresh));
            }
            (None, Some(waiting)) if signs => {
                let early = SigningKey {
                    signs_from: now,
                    ..waiting.clone()
                };
                unit.signing_keys().update(waiting, &early).await?;
                let advanced = Event::new("signing_key.advanced", &early.kid);
                events.push(advanced.change("signs_from", waiting.signs_from, now));
            }
            _ => {}
        }
        unit.commit(events).await?;
        Ok(())
    }

    /// Makes the installation's first key when there is none, and the next one when the youngest has signed long
    /// enough or signs with another algorithm than is wanted now. Of several nodes one makes it; call it on all.
    ///
    /// # Errors
    /// `Denied`, `Making`, `Store`.
    pub async fn maintain(&self, scope: &SystemScope) -> Result<(), SigningKeyError> {
        scope.require(&PLATFORM_MANAGE)?;
        let now = self.clock.system_now();
        let stored = self.store.signing_keys().await?;
        let signs_from = match stored.iter().rfind(|key| key.revoked_at.is_none()) {
            None => now,
            Some(youngest) if self.is_due(youngest, now) => now + PUBLISHED_AHEAD,
            Some(_) => return Ok(()),
        };
        let key = self.make(&stored, now, signs_from).await?;

        let mut unit = self.store.begin_signing_keys(scope).await?;
        match unit.signing_keys().insert(&key).await {
            Ok(()) => Ok(unit.commit(vec![created(&key)]).await?),
            // Another node was faster.
            Err(StoreError::Conflict(SIGNING_KEY_EXISTS)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// True when the youngest key wants a successor.
    fn is_due(&self, youngest: &SigningKey, now: OffsetDateTime) -> bool {
        now >= youngest.signs_from
            && (now >= youngest.signs_from + self.rules.signs_for || youngest.algorithm != self.rules.algorithm)
    }

    async fn make(
        &self,
        stored: &[SigningKey],
        now: OffsetDateTime,
        signs_from: OffsetDateTime,
    ) -> Result<SigningKey, SigningKeyError> {
        let fresh = self.maker.make(self.rules.algorithm).await?;
        Ok(SigningKey {
            sequence: stored.last().map_or(1, |youngest| youngest.sequence + 1),
            kid: fresh.kid,
            algorithm: self.rules.algorithm,
            sealed: fresh.sealed,
            created_at: now,
            signs_from,
            revoked_at: None,
        })
    }
}

/// The key that is published and waits for its turn.
fn waiting(stored: &[SigningKey], now: OffsetDateTime) -> Option<&SigningKey> {
    stored
        .iter()
        .rfind(|key| key.revoked_at.is_none() && now < key.signs_from)
}

fn created(key: &SigningKey) -> Event {
    Event::new("signing_key.created", &key.kid)
        .set("algorithm", key.algorithm.as_str())
        .set("signs_from", key.signs_from)
}
