//! How to reach the database.

use std::fmt;
use std::time::Duration;

/// What a commit on SQLite survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power (`synchronous = FULL`).
    #[default]
    Full,
    /// The end of the process; the loss of power may take the last commits (`synchronous = NORMAL`).
    Normal,
}

/// Where the database is and how to use it.
#[derive(Clone)]
pub struct StoreOptions {
    pub(crate) url: String,
    pub(crate) pool_size: u32,
    pub(crate) durability: Durability,
    pub(crate) acquire_timeout: Duration,
    pub(crate) busy_timeout: Duration,
}

impl StoreOptions {
    /// The database at `url`: `postgres://…`, `sqlite://path`, or `sqlite::memory:`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 10,
            durability: Durability::Full,
            acquire_timeout: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(5),
        }
    }

    /// How many connections at most. On SQLite these are readers; there is always one writer.
    #[must_use]
    pub const fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = if connections == 0 { 1 } else { connections };
        self
    }

    /// What a commit on SQLite survives.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a unit waits for a connection before the store counts as unavailable.
    #[must_use]
    pub const fn acquire_timeout(mut self, wait: Duration) -> Self {
        self.acquire_timeout = wait;
        self
    }

    /// How long a unit waits for another process that writes to the same SQLite file.
    #[must_use]
    pub const fn busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
        self
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.is_sqlite() && (self.url.contains(":memory:") || self.url.contains("mode=memory"))
    }
}

impl fmt::Debug for StoreOptions {
    /// Leaves the URL out: it holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("sqlite", &self.is_sqlite())
            .field("pool_size", &self.pool_size)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_password() {
        let options = StoreOptions::new("postgres://tenantry:hunter2@db/tenantry");

        assert!(!format!("{options:?}").contains("hunter2"));
    }

    #[test]
    fn memory_is_recognized_in_each_spelling() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://x?mode=memory"] {
            assert!(StoreOptions::new(url).is_in_memory(), "{url}");
        }
        assert!(!StoreOptions::new("sqlite://data/tenantry.db").is_in_memory());
        assert!(!StoreOptions::new("postgres://db/memory").is_in_memory());
    }
}
