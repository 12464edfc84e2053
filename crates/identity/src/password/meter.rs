//! Ports: how hard a password is to guess, and whether a service knows it from a breach.

use async_trait::async_trait;
use tenantry_kernel::Secret;

use crate::user::HashFailed;

/// How hard a password is to guess.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strength {
    /// From 0 (at once) to 4 (not in a lifetime), on the scale of zxcvbn.
    pub score: u8,
    /// What makes it weak and what would make it stronger, as sentences; may be empty.
    pub advice: Vec<String>,
}

/// Measures how hard passwords are to guess. Takes milliseconds, at worst tens of them: it never runs inside a unit of
/// work, and adapters keep it off the threads that serve requests.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StrengthMeter: Send + Sync {
    /// Measures, for somebody whom whoever guesses knows by these `words`: their address and name, their tenant's.
    ///
    /// # Errors
    /// [`HashFailed::Busy`] when too many wait for the same threads.
    async fn measure(&self, password: Secret<String>, words: Vec<String>) -> Result<Strength, HashFailed>;
}

/// What a service knows of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// It stands in a breach.
    Breached,
    /// It stands in none.
    Unknown,
    /// The service did not answer.
    NoAnswer,
}

/// Asks a service outside whether a password stands in a breach. Nothing that leaves lets anybody recover the password
/// or recognise it: at most the first five hexadecimal digits of its SHA-1 (k-anonymity).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BreachLookup: Send + Sync {
    /// What the service knows of it. A service that is away is told apart, logged and counted by the adapter, and never
    /// an error: the list in the program decides then.
    async fn look(&self, password: &Secret<String>) -> Sighting;
}
