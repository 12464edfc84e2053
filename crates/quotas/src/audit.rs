//! The books are checked all the time: an account holds what its ledger adds up to.

use tenantry_kernel::{StoreError, TenantId, async_trait};

use crate::account::TenantAccount;

/// An account that does not hold what its ledger adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// The account.
    pub account: TenantAccount,
    /// What it holds.
    pub posted: i64,
    /// What its ledger adds up to.
    pub ledger: i64,
}

/// How far the books were checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// How many accounts were checked.
    pub checked: u64,
    /// Those that are wrong.
    pub wrong: Vec<Discrepancy>,
    /// The last tenant that was checked; go on after it. `None` when all were.
    pub last: Option<TenantId>,
}

/// Checks accounts against the ledger, each in one statement: both are read as of one moment.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Bookkeeper: Send + Sync {
    /// Checks the accounts of up to `tenants` tenants whose ids come after `after`.
    async fn check(&self, after: Option<TenantId>, tenants: u32) -> Result<AuditPage, StoreError>;
}
