//! Ports: where visits and consents are kept, and what every call of a visit asks.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::id::ImpersonationId;
use tenantry_kernel::{StoreError, SystemScope, TenantId};
use time::OffsetDateTime;

use super::model::{Consent, ConsentId, Impersonation};

/// Visits and consents of the tenant the unit is bound to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SupportRepository: Send {
    /// The latest visits, the youngest first; at most `limit`.
    async fn visits(&mut self, limit: u32) -> Result<Vec<Impersonation>, StoreError>;

    /// Adds a visit.
    async fn add_visit(&mut self, visit: &Impersonation) -> Result<(), StoreError>;

    /// Ends a visit, unless it has ended: one conditional update, true for exactly one caller.
    async fn end_visit(&mut self, id: ImpersonationId, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// The latest consents, the youngest first; at most `limit`.
    async fn consents(&mut self, limit: u32) -> Result<Vec<Consent>, StoreError>;

    /// Adds a consent.
    async fn add_consent(&mut self, consent: &Consent) -> Result<(), StoreError>;

    /// Takes a consent back, unless it is over: one conditional update, true for exactly one caller.
    async fn end_consent(&mut self, id: ConsentId, at: OffsetDateTime) -> Result<bool, StoreError>;
}

/// What every call of a visit asks, before a scope exists.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SupportDirectory: Send + Sync {
    /// The visit, live or not; `None` when this tenant has no such visit. Pinned to `tenant`.
    async fn visit(&self, tenant: TenantId, id: ImpersonationId) -> Result<Option<Arc<Impersonation>>, StoreError>;

    /// Until when the tenant agrees to support access, by those of its consents that are not taken back; `None` when
    /// there is none. The time may lie in the past.
    async fn agreed_until(&self, tenant: TenantId) -> Result<Option<OffsetDateTime>, StoreError>;

    /// The visit, in whichever tenant, when it is live at `now`.
    async fn running_visit(
        &self,
        scope: &SystemScope,
        now: OffsetDateTime,
        id: ImpersonationId,
    ) -> Result<Option<Impersonation>, StoreError>;

    /// Visits of all tenants that are live at `now`, the youngest first; at most `limit`.
    async fn running(
        &self,
        scope: &SystemScope,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Impersonation>, StoreError>;
}
