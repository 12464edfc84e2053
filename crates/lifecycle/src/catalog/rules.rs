//! The rules of an installation that are no plan's.

/// What happens after a payment failed. Days count from the day the invoice was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dunning {
    /// On which days the charge is tried again, in order.
    pub retry_days: Vec<u16>,
    /// On which day the tenant is suspended.
    pub suspend_after_days: u16,
    /// On which day the subscription is cancelled.
    pub cancel_after_days: u16,
}

impl Default for Dunning {
    fn default() -> Self {
        Self {
            retry_days: vec![1, 3, 5, 7],
            suspend_after_days: 14,
            cancel_after_days: 30,
        }
    }
}

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
