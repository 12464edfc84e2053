//! The rules of an installation that are no plan's.

pub use tenantry_billing::dunning::Dunning;

/// The bounds of API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// How many live keys a tenant may have.
    pub max_per_tenant: u32,
    /// How long a key may be valid.
    pub max_expires_in_days: u32,
    /// Calls per minute that a key may be given.
    pub max_rate_limit: u32,
}

impl Default for KeyRules {
    fn default() -> Self {
        Self {
            max_per_tenant: 100,
            max_expires_in_days: 3_650,
            max_rate_limit: 1_000_000,
        }
    }
}
