//! Opening units over one tenant's record.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantScope, Transaction};

use crate::audit::AuditRepository;

/// One look at one tenant's record.
pub trait ActivityUnit: Transaction {
    /// The audit log.
    fn audit(&mut self) -> &mut dyn AuditRepository;
}

/// Opens units bound to the tenant of a scope.
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Begins a unit that only reads. Audit entries are written by every unit's `commit`.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn ActivityUnit>, StoreError>;
}
