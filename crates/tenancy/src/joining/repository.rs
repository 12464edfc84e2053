//! The storage port of requests to join, and of whom the tenant removed.

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Page, PageRequest, StoreError};

use super::model::{JoinRequest, JoinRequestId, RequestState};

/// The rule "a person asks a tenant once".
pub const JOIN_REQUESTED: &str = "join_requested";

/// Requests to join one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JoinRequestRepository: Send {
    /// `None` when this tenant has no such request.
    async fn find(&mut self, id: JoinRequestId) -> Result<Option<JoinRequest>, StoreError>;

    /// The request of a person, in whatever state, be it over or not.
    async fn find_by_user(&mut self, user: UserId) -> Result<Option<JoinRequest>, StoreError>;

    /// Those that wait at this moment, oldest first.
    async fn waiting(&mut self, now: OffsetDateTime, page: PageRequest) -> Result<Page<JoinRequest>, StoreError>;

    /// Refused with `StoreError::Conflict(JOIN_REQUESTED)` when the person has one in this tenant, also under
    /// concurrency.
    async fn insert(&mut self, request: &JoinRequest) -> Result<(), StoreError>;

    /// Writes every field in place of a request that stands at `before`; true for exactly one caller.
    async fn replace(&mut self, before: RequestState, request: &JoinRequest) -> Result<bool, StoreError>;

    /// Removes a pending request; true for exactly one caller.
    async fn take(&mut self, id: JoinRequestId) -> Result<bool, StoreError>;

    /// Removes the request of a person, in whatever state. Removing what is not there is no error.
    async fn forget(&mut self, user: UserId) -> Result<(), StoreError>;

    /// Notes under `id` that the tenant removed a member. Noting it again changes nothing.
    async fn bar(&mut self, id: Uuid, user: UserId, at: OffsetDateTime) -> Result<(), StoreError>;

    /// True when the tenant removed them and did not let them in again since.
    async fn is_barred(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// Forgets that the tenant removed them.
    async fn unbar(&mut self, user: UserId) -> Result<(), StoreError>;
}
