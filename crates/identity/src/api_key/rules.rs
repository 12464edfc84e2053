//! The bounds that an installation sets its API keys.

/// The most live keys of a tenant where the catalog says nothing.
const PER_TENANT: u32 = 100;
/// The most days a key can be asked to live where the catalog says nothing.
const DAYS: u32 = 3_650;
/// The most calls per minute a key can be asked to be limited to where the catalog says nothing.
const RATE: u32 = 1_000_000;

/// The bounds of API keys. A bound that is named binds also those who ask for nothing: a key without an expiry or a
/// pace of its own gets the longest or the highest there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// How many keys a tenant may have that are neither revoked nor expired.
    pub max_per_tenant: u32,
    /// How long a key may be valid; `None` leaves room for keys that live for ever.
    pub max_expires_in_days: Option<u32>,
    /// Calls per minute that a key may be given; `None` leaves room for keys without a pace of their own.
    pub max_rate_limit: Option<u32>,
}

impl KeyRules {
    /// The most days that can be asked for.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.max_expires_in_days.unwrap_or(DAYS)
    }

    /// The most calls per minute that can be asked for.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.max_rate_limit.unwrap_or(RATE)
    }
}

impl Default for KeyRules {
    fn default() -> Self {
        Self {
            max_per_tenant: PER_TENANT,
            max_expires_in_days: None,
            max_rate_limit: None,
        }
    }
}
