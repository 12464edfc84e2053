//! Alerts: thresholds of a limit, told once per period.

use tenantry_kernel::{StoreError, TenantId, async_trait};
use time::OffsetDateTime;

use crate::account::TenantAccount;

/// Per cent of the limit at which a tenant is told.
pub const THRESHOLDS_PERCENT: [u8; 3] = [80, 95, 100];

/// A threshold that an account has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The account.
    pub account: TenantAccount,
    /// Per cent of the limit.
    pub threshold_percent: u8,
    /// The limit at that time.
    pub limit: i64,
    /// What the account held then.
    pub used: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// The thresholds that lie between what an account held before and what it holds after.
///
/// A limit of nothing has no thresholds.
pub fn crossed(before: i64, after: i64, limit: i64) -> impl Iterator<Item = u8> {
    let reached = move |used: i64, percent: u8| i128::from(used) * 100 >= i128::from(limit) * i128::from(percent);
    THRESHOLDS_PERCENT
        .into_iter()
        .filter(move |percent| limit > 0 && reached(after, *percent) && !reached(before, *percent))
}

/// Alerts of one tenant that nobody was told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AlertRepository: Send {
    /// Those that were not told yet, the earliest first, at most `limit`. They stay locked until the unit ends, so
    /// that two workers do not tell the same one.
    async fn untold(&mut self, limit: u32) -> Result<Vec<Alert>, StoreError>;

    /// Writes down that these were told at `now`.
    async fn told(&mut self, alerts: &[Alert], now: OffsetDateTime) -> Result<(), StoreError>;
}

/// Which tenants have alerts that nobody was told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AlertDirectory: Send + Sync {
    /// Up to `limit` of them.
    async fn with_untold(&self, limit: u32) -> Result<Vec<TenantId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_crossed_where_it_is_reached_and_nowhere_else() {
        for (before, after, limit, expected) in [
            (0, 79, 100, vec![]),
            (79, 80, 100, vec![80]),
            (80, 94, 100, vec![]),
            (94, 95, 100, vec![95]),
            (99, 100, 100, vec![100]),
            (100, 150, 100, vec![]),
            (0, 100, 100, vec![80, 95, 100]),
            (799, 800, 1_000, vec![80]),
            (0, 1, 1, vec![80, 95, 100]),
            (0, 5, 0, vec![]),
            (0, i64::MAX, i64::MAX, vec![80, 95, 100]),
        ] {
            let told: Vec<u8> = crossed(before, after, limit).collect();

            assert_eq!(told, expected, "{before} to {after} of {limit}");
        }
    }
}
