//! The storage port of the audit log.

use async_trait::async_trait;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, StoreError, SystemScope, TenantId, TenantScope, UserId};

use crate::audit::{AuditEntry, AuditFilter, OwnAct};

/// The audit log of one tenant. Append-only: entries are written by `Transaction::commit`, nothing
/// changes them, and [`AuditPurge`] alone removes them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditRepository: Send {
    /// Entries that match, newest first.
    async fn list(&mut self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>, StoreError>;

    /// Removes what the log of this tenant says of a person: addresses, names, where they called from. The entries
    /// stay as they are, and name the person by a mark.
    async fn forget(&mut self, person: UserId) -> Result<(), StoreError>;
}

/// What a person did themself, in whatever tenant, for their own eyes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OwnActs: Send + Sync {
    /// The newest `limit` entries whose actor they are.
    async fn acts_of(&self, person: UserId, limit: u16) -> Result<Vec<OwnAct>, StoreError>;
}

/// For how long a tenant's history is kept. Whoever knows its plan answers.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditRetention: Send + Sync {
    /// Entries from this time on are kept; `None` keeps all of them.
    async fn kept_from(&self, scope: &TenantScope) -> Result<Option<OffsetDateTime>, StoreError>;
}

/// Removes history that its tenant does not keep any longer.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditPurge: Send + Sync {
    /// Looks at the `limit` oldest entries of the tenant, removes those from before `before`, and answers how many
    /// that were. Entries of others, and of nobody, stay.
    async fn purge_audit(
        &self,
        scope: &SystemScope,
        tenant: TenantId,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<u64, StoreError>;
}
