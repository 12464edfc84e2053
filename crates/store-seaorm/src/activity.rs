//! Activity's ports over the database. What they read, `journal.rs` wrote.

mod audit;
mod budgets;
pub(crate) mod changes;
mod feed;
mod jobs;
pub(crate) mod payload;
pub(crate) mod personal;
mod receipts;

use tenantry_activity::audit::AuditRepository;
use tenantry_activity::store::{ActivityStore, ActivityUnit};
use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::{StoreError, TenantScope, async_trait};

use crate::error::Rule;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// The unique indexes of activity's tables.
pub(crate) const RULES: &[Rule] = &[Rule {
    index: "idempotency_receipt_pkey",
    columns: "idempotency_receipt.tenant_id, idempotency_receipt.principal, idempotency_receipt.operation, \
              idempotency_receipt.key",
    name: IDEMPOTENCY_KEY_USED,
}];

#[async_trait]
impl ActivityStore for SeaOrmStore {
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn ActivityUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}

impl ActivityUnit for SeaOrmUnit {
    fn audit(&mut self) -> &mut dyn AuditRepository {
        self
    }
}
