//! Port: where API keys are kept.

use async_trait::async_trait;
use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{Page, PageRequest, StoreError};

use super::filter::KeyFilter;
use super::model::ApiKey;

/// The rule "no more live keys than the installation allows a tenant".
pub const API_KEYS_FULL: &str = "too_many_api_keys";

/// API keys of the tenant the unit is bound to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ApiKeyRepository: Send {
    /// `None` when this tenant has no such key.
    async fn find(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The tenant's keys that are looked for, the youngest first.
    async fn list(&mut self, filter: &KeyFilter, page: PageRequest) -> Result<Page<ApiKey>, StoreError>;

    /// Adds a key, unless the tenant has `at_most` already that are neither revoked nor expired when it was made. Of
    /// two units that add at once the second counts the first one's.
    ///
    /// # Errors
    /// `Conflict(API_KEYS_FULL)`.
    async fn insert(&mut self, key: &ApiKey, at_most: u32) -> Result<(), StoreError>;

    /// Stores what changed, except the last use, and raises the version by one.
    ///
    /// # Errors
    /// `Stale` when the stored version is not the key's.
    async fn update(&mut self, key: &ApiKey) -> Result<(), StoreError>;
}
