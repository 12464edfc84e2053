//! Ports: where service accounts are kept, and how they are found before a scope exists.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::id::ServiceAccountId;
use tenantry_kernel::{Page, PageRequest, StoreError, TenantId};

use super::model::ServiceAccount;

/// The rule "no more service accounts than a tenant may have".
pub const SERVICE_ACCOUNTS_FULL: &str = "too_many_service_accounts";

/// Service accounts of the tenant the unit is bound to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ServiceAccountRepository: Send {
    /// `None` when this tenant has no such account. Removed ones are found.
    async fn find(&mut self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError>;

    /// The tenant's accounts that are not removed, the youngest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<ServiceAccount>, StoreError>;

    /// Adds an account, unless the tenant has `at_most` already that are not removed. Of two units that add at once
    /// the second counts the first one's.
    ///
    /// # Errors
    /// `Conflict(SERVICE_ACCOUNTS_FULL)`.
    async fn insert(&mut self, account: &ServiceAccount, at_most: u32) -> Result<(), StoreError>;

    /// Stores what changed, and raises the version by one.
    ///
    /// # Errors
    /// `Stale` when the stored version is not the account's.
    async fn update(&mut self, account: &ServiceAccount) -> Result<(), StoreError>;
}

/// Finds service accounts by what their secrets and tokens say in the open.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ServiceAccountDirectory: Send + Sync {
    /// The account, active or not; `None` when this tenant has no such account. Pinned to `tenant`.
    async fn service_account(
        &self,
        tenant: TenantId,
        account: ServiceAccountId,
    ) -> Result<Option<Arc<ServiceAccount>>, StoreError>;
}
