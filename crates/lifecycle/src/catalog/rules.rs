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
