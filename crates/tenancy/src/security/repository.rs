//! The storage port of the security policy.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use super::model::SecurityPolicy;

/// A policy and how often it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPolicy {
    /// What it says; the default until the first write.
    pub policy: SecurityPolicy,
    /// 0 until the first write, one more with each.
    pub version: i64,
}

/// The one policy of the tenant that the unit is bound to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SecurityPolicyRepository: Send {
    /// The policy; `None` when there is no such tenant.
    async fn find(&mut self) -> Result<Option<StoredPolicy>, StoreError>;

    /// Writes it and counts the version up by one. Refused with `StoreError::Stale` when the stored version is not
    /// `policy.version`, also under concurrency. The tenant itself keeps its version.
    async fn write(&mut self, policy: &StoredPolicy) -> Result<(), StoreError>;
}
