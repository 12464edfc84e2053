//! The port that keeps published editions of plans.

use tenantry_kernel::{Code, StoreError, SystemScope, async_trait};

/// One published edition, as text that only the program's reader and writer of catalogs understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedPlan {
    /// The plan.
    pub code: Code,
    /// The content hash of the document.
    pub version: String,
    /// The offer in canonical JSON.
    pub document: String,
}

/// Which catalog the installation runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogState {
    /// The catalog's name.
    pub name: String,
    /// The content hash of all of it.
    pub hash: String,
}

/// Published editions and the installation's current catalog.
///
/// Editions are never changed nor taken away: subscriptions refer to them.
#[async_trait]
pub trait PlanArchive: Send + Sync {
    /// Every edition that was ever published.
    async fn load_all(&self, scope: &SystemScope) -> Result<Vec<ArchivedPlan>, StoreError>;

    /// The catalog of this installation; `None` before the first start.
    async fn state(&self, scope: &SystemScope) -> Result<Option<CatalogState>, StoreError>;

    /// Adds the editions that are not there yet and makes `next` the installation's catalog, all or nothing,
    /// while no other node publishes.
    ///
    /// Answers false, and changes nothing, when the current catalog is not `expected` any more.
    async fn publish(
        &self,
        scope: &SystemScope,
        expected: Option<&CatalogState>,
        next: &CatalogState,
        plans: &[ArchivedPlan],
    ) -> Result<bool, StoreError>;
}
