//! Counting out of slices: calls with API keys, and meters that the catalog declares as leased.

use tenantry_kernel::{TenantScope, async_trait};
use time::OffsetDateTime;

use crate::account::TenantAccount;
use crate::counter::{ConsumeError, Line};
use crate::limit::{Reach, User};
use crate::meter::Meter;

/// Counts from slices that were counted durably before.
///
/// A limit is never passed. When a node stops, what is left of its slices counts as used.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LeasedCounter: Send + Sync {
    /// Counts an amount on a meter whose values add up.
    async fn count(&self, scope: &TenantScope, leased: Leased) -> Result<Line, ConsumeError>;

    /// What this node holds of an account that is counted there but not used yet.
    fn unused(&self, account: &TenantAccount) -> i64;

    /// Gives back what this node holds unused, once, and counts no more: before it stops.
    async fn give_back(&self);
}

/// What to count out of a slice.
#[derive(Clone, Debug)]
pub struct Leased {
    /// The meter.
    pub meter: Meter,
    /// How much; at least one.
    pub amount: i64,
    /// Who uses it.
    pub user: User,
    /// False for test keys.
    pub live: bool,
    /// Under whose limits.
    pub reach: Reach,
    /// Now.
    pub at: OffsetDateTime,
}
