//! Look-ups across tenants, for people who ask where they may come in.

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailDomain, StoreError, SystemScope, TenantId};

use super::model::JoinRequest;

/// Which tenants may let a person in, and what the person asked them. A fixed number of statements each.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JoinDirectory: Send + Sync {
    /// Which tenants have proved which of these domains: the first `most` of them, who proved it first first.
    async fn proved_by(&self, domains: &[EmailDomain], most: u16) -> Result<Vec<(EmailDomain, TenantId)>, StoreError>;

    /// The person's requests, in whatever state, oldest first.
    async fn requests_of(&self, user: UserId) -> Result<Vec<(TenantId, JoinRequest)>, StoreError>;

    /// The tenants that removed the person.
    async fn barred_from(&self, user: UserId) -> Result<Vec<TenantId>, StoreError>;
}

/// Forgets requests that have run out.
#[async_trait]
pub trait JoinRequestPurge: Send + Sync {
    /// Removes at most `limit` requests of whatever tenant that ended before `before`, and answers how many.
    async fn purge_join_requests(
        &self,
        scope: &SystemScope,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<u64, StoreError>;
}
