//! Accounts: what was counted for one meter in one period.

use tenantry_kernel::{Code, TenantId};
use time::OffsetDateTime;

use crate::period::Period;

/// Names one account of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    /// The meter.
    pub meter: Code,
    /// False for test keys, which count apart and never bill.
    pub live: bool,
    /// Over which time it counts.
    pub period: Period,
    /// The first moment of the period.
    pub period_start: OffsetDateTime,
}

/// Names one account in the installation. The order of these names is the order in which accounts are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantAccount {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub key: AccountKey,
}
