//! Passwords by Argon2id, off the request threads and few at a time.

mod foreign;
mod threads;

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use async_trait::async_trait;
use tenantry_identity::user::{ForeignHashes, HashFailed, PasswordHash, PasswordHasher, UnusableHash, Verified};
use tenantry_kernel::{Entropy, Secret};

use self::foreign::Foreign;
pub(crate) use self::threads::HashThreads;
use self::threads::WAITING;
use crate::strength::ZxcvbnMeter;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for HashCost {
    /// OWASP's least: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl HashCost {
    /// For tests that are not about hashing: a thousandth of the work, and no protection.
    #[must_use]
    pub const fn cheap() -> Self {
        Self {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        }
    }
}

/// Why there is no hasher.
#[derive(Debug, thiserror::Error)]
pub enum NoHasher {
    /// The cost is outside what Argon2 allows.
    #[error("Argon2 refuses these parameters")]
    Cost(#[source] argon2::Error),
    /// The system gives no threads.
    #[error("no thread could be started to hash passwords")]
    Threads(#[source] std::io::Error),
}

/// [`PasswordHasher`] by Argon2id.
#[derive(Clone)]
pub struct Argon2Hasher {
    params: Params,
    entropy: Arc<dyn Entropy>,
    threads: HashThreads,
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Argon2Hasher {
    /// Hashes at `cost`, at most `at_once` at the same time, and one more of what is overdue: each takes its memory and one
    /// core. Some hundreds may wait; who comes later is told to come again.
    ///
    /// # Errors
    /// [`NoHasher`].
    pub fn new(cost: HashCost, at_once: usize, entropy: Arc<dyn Entropy>) -> Result<Self, NoHasher> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(NoHasher::Cost)?;
        Ok(Self {
            params,
            entropy,
            threads: HashThreads::start(at_once, WAITING).map_err(NoHasher::Threads)?,
        })
    }

    /// Measures passwords on the same threads.
    #[must_use]
    pub fn meter(&self) -> ZxcvbnMeter {
        ZxcvbnMeter::on(self.threads.clone())
    }

    /// Runs `work` on a thread where it may take its time, when it is its turn.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl Fn(&Argon2<'static>) -> Result<T, HashFailed> + Send + Sync + 'static,
    ) -> Result<T, HashFailed> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        self.threads.run(move || work(&argon2)).await
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, HashFailed> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        self.in_turn(move |argon2| {
            let hash = argon2
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map_err(failed)?;
            Ok(PasswordHash::from_phc(hash.to_string()))
        })
        .await
    }

    async fn verify(&self, password: Secret<String>, hash: Option<PasswordHash>) -> Result<Verified, HashFailed> {
        let Some(hash) = hash else {
            // Nobody to compare with: the same work, and the answer is no.
            self.hash(password).await?;
            return Ok(Verified {
                matches: false,
                needs_rehash: false,
            });
        };
        let wanted = self.params.clone();
        self.in_turn(move |argon2| {
            // A hash that somebody brought along is made again as one of ours at the first log-in.
            if let Ok(foreign) = Foreign::read(hash.as_str())
                && foreign.is_foreign()
            {
                let matches = foreign.matches(password.expose().as_bytes());
                return Ok(Verified {
                    matches,
                    needs_rehash: matches,
                });
            }
            let phc = Phc::new(hash.as_str()).map_err(failed)?;
            let matches = match argon2.verify_password(password.expose().as_bytes(), &phc) {
                Ok(()) => true,
                Err(argon2::password_hash::Error::PasswordInvalid) => false,
                Err(other) => return Err(failed(other)),
            };
            Ok(Verified {
                matches,
                needs_rehash: matches && is_weaker(&phc, &wanted)?,
            })
        })
        .await
    }
}

/// [`ForeignHashes`] of bcrypt, PBKDF2, scrypt and Argon2, within bounds that no log-in exceeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct BroughtAlong;

impl ForeignHashes for BroughtAlong {
    fn read(&self, text: &Secret<String>) -> Result<PasswordHash, UnusableHash> {
        Ok(match Foreign::read(text.expose())? {
            // Some write their name before it.
            Foreign::Argon2(phc) => PasswordHash::from_phc(phc),
            _ => PasswordHash::from_phc(text.expose().trim()),
        })
    }
}

/// True when the hash was made more cheaply, or otherwise, than hashes are made today.
fn is_weaker(hash: &Phc, wanted: &Params) -> Result<bool, HashFailed> {
    let made = Params::try_from(hash).map_err(failed)?;
    let current = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
    Ok(!current
        || made.m_cost() < wanted.m_cost()
        || made.t_cost() < wanted.t_cost()
        || made.p_cost() < wanted.p_cost())
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> HashFailed {
    HashFailed::Broken(cause.into())
}

#[cfg(test)]
mod tests;
