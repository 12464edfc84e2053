//! The storage port of the audit log.

use async_trait::async_trait;
use tenantry_kernel::{Page, PageRequest, StoreError};

use crate::audit::{AuditEntry, AuditFilter};

/// The audit log of one tenant. Append-only: entries are written by `Transaction::commit`, nothing
/// changes or removes them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditRepository: Send {
    /// Entries that match, newest first.
    async fn list(&mut self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>, StoreError>;
}
