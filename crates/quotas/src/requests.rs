//! Counting calls with API keys, without a commit for each of them.

use std::sync::Arc;

use tenantry_kernel::{TenantId, TenantScope, async_trait};
use time::OffsetDateTime;

use crate::account::AccountKey;
use crate::counter::{ConsumeError, Consumed};
use crate::entitlement::Entitlements;
use crate::meter::Meter;

/// Counts one call at a time from slices that were counted durably before.
///
/// A limit is never passed. When a node stops, what is left of its slices counts as used.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RequestCounter: Send + Sync {
    /// Counts one call on a meter.
    async fn count(
        &self,
        scope: &TenantScope,
        meter: &Meter,
        live: bool,
        at: OffsetDateTime,
        entitlements: Arc<Entitlements>,
    ) -> Result<Consumed, ConsumeError>;

    /// What this node holds of an account that is counted there but not used yet.
    fn unused(&self, tenant: TenantId, account: &AccountKey) -> i64;
}
