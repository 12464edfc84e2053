//! Ports: where platform keys are kept, and how they are reached.

use async_trait::async_trait;
use tenantry_kernel::id::PlatformKeyId;
use tenantry_kernel::{Page, PageRequest, StoreError, SystemScope, Transaction};

use super::model::PlatformKey;

/// The installation's platform keys.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PlatformKeyRepository: Send {
    /// `None` when there is no such key.
    async fn find(&mut self, id: PlatformKeyId) -> Result<Option<PlatformKey>, StoreError>;

    /// The keys that are not revoked, the youngest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<PlatformKey>, StoreError>;

    /// Adds a key.
    async fn insert(&mut self, key: &PlatformKey) -> Result<(), StoreError>;

    /// Stores what changed, except the last use, and raises the version by one.
    ///
    /// # Errors
    /// `Stale` when the stored version is not the key's.
    async fn update(&mut self, key: &PlatformKey) -> Result<(), StoreError>;
}

/// One transaction over the installation's credentials. Its events go into the platform's log.
pub trait PlatformKeyUnit: Transaction {
    /// The platform keys.
    fn platform_keys(&mut self) -> &mut dyn PlatformKeyRepository;
}

/// Opens units over the installation's credentials.
#[async_trait]
pub trait PlatformKeyStore: Send + Sync {
    /// Begins a unit; who acts is in `scope`.
    async fn begin_platform(&self, scope: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError>;

    /// Opens a unit for reading only.
    async fn read_platform(&self, scope: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError>;
}
