//! Where it is kept how far dunning has come.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use time::OffsetDateTime;

use super::model::DunningCase;
use crate::invoice::InvoiceId;

/// Dunning cases of one tenant, one per invoice at most. Whoever writes one holds the billing account's lock.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DunningCaseRepository: Send {
    /// The case of an invoice; `None` before its first step.
    async fn find(&mut self, invoice: InvoiceId) -> Result<Option<DunningCase>, StoreError>;

    /// Writes the case over what is stored for its invoice, and when its next step is to be taken: the worker's
    /// look-up finds it from then on, for as long as the invoice is open.
    async fn record(&mut self, case: &DunningCase, next_at: Option<OffsetDateTime>) -> Result<(), StoreError>;
}
