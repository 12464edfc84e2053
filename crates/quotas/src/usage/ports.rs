//! What the usage services need from outside, and what both of them do with it.

use std::sync::Arc;

use tenantry_kernel::{Clock, IdSource, Principal, TenantScope};

use crate::counter::{ConsumeError, UsageCounter};
use crate::directory::{EntitlementSource, PlanLadder};
use crate::entitlement::Entitlements;
use crate::meter::{Meter, MeterBook};
use crate::rate::{PerMinute, RateLimiter};
use crate::requests::RequestCounter;
use crate::store::QuotaStore;
use crate::usage::error::UsageError;
use crate::usage::exceeded::{QuotaExceeded, Refusal};

/// What the usage services need from outside.
#[derive(Clone)]
pub struct UsagePorts {
    /// Accounts and ledger, for reading.
    pub store: Arc<dyn QuotaStore>,
    /// What tenants may use.
    pub entitlements: Arc<dyn EntitlementSource>,
    /// Decides and counts.
    pub counter: Arc<dyn UsageCounter>,
    /// Counts calls.
    pub requests: Arc<dyn RequestCounter>,
    /// Knows paces.
    pub rates: Arc<dyn RateLimiter>,
    /// The catalog's meters.
    pub meters: Arc<MeterBook>,
    /// The catalog's plans, from small to large.
    pub ladder: Arc<dyn PlanLadder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names for operations that have none.
    pub ids: Arc<dyn IdSource>,
}

impl UsagePorts {
    pub(crate) async fn entitled(&self, scope: &TenantScope) -> Result<Arc<Entitlements>, UsageError> {
        let found = self.entitlements.of(scope.tenant_id()).await?;
        found.ok_or(UsageError::NoPlan)
    }
    /// Names the meter and the way out when a limit binds.
    pub(crate) fn refused(
        &self,
        cause: ConsumeError,
        meter: &Meter,
        amount: i64,
        entitlements: &Entitlements,
    ) -> UsageError {
        match cause {
            ConsumeError::Exceeded { limit, used, resets_at } => {
                let refusal = Refusal {
                    meter: meter.code.clone(),
                    amount,
                    limit,
                    used,
                    resets_at,
                };
                QuotaExceeded::new(refusal, entitlements, self.ladder.as_ref()).into()
            }
            other => UsageError::Counter(other),
        }
    }
}

/// False for test keys: they count on accounts of their own.
pub(crate) const fn is_live(scope: &TenantScope) -> bool {
    !matches!(scope.principal(), Principal::ApiKey { live: false, .. })
}

/// A limit as a pace; `None` when it is no pace. Limits beyond the range are as good as the largest one.
pub(crate) fn per_minute(limit: i64) -> Option<PerMinute> {
    PerMinute::new(u32::try_from(limit.max(0)).unwrap_or(u32::MAX))
}
