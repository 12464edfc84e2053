//! What identity's ports promise.

pub mod api_keys;
pub mod emails;
pub mod factors;
pub mod one_time_tokens;
pub mod platform_keys;
pub mod refresh;
pub mod service_accounts;
pub mod sessions;
pub mod signing_keys;
pub mod support;
pub mod users;

use tenantry_identity::directory::{ApiKeyDirectory, PlatformKeyDirectory, SessionDirectory};
use tenantry_identity::platform_key::PlatformKeyStore;
use tenantry_identity::service_account::ServiceAccountDirectory;
use tenantry_identity::signing_key::SigningKeyStore;
use tenantry_identity::store::{IdentityStore, IdentityUnit, PersonUnit};
use tenantry_identity::support::SupportDirectory;
use tenantry_identity::testing::fixtures::{user, user_id};
use tenantry_kernel::{Event, Origin, StoreError};

use crate::tenancy::{TenancyHarness, scope};

/// How to reach identity's ports.
pub trait IdentityHarness: TenancyHarness {
    /// Opens units.
    fn identity(&self) -> &dyn IdentityStore;
    /// Finds API keys before a scope exists.
    fn api_key_directory(&self) -> &dyn ApiKeyDirectory;
    /// Opens units over platform keys.
    fn platform_key_store(&self) -> &dyn PlatformKeyStore;
    /// Finds platform keys before a scope exists.
    fn platform_key_directory(&self) -> &dyn PlatformKeyDirectory;
    /// Finds service accounts before a scope exists.
    fn service_account_directory(&self) -> &dyn ServiceAccountDirectory;
    /// Tells of visits of support before a scope exists.
    fn support_directory(&self) -> &dyn SupportDirectory;
    /// Tells which sessions are live.
    fn session_directory(&self) -> &dyn SessionDirectory;
    /// Keeps signing keys.
    fn signing_keys(&self) -> &dyn SigningKeyStore;
}

/// Begins a unit of person `number`.
pub(crate) async fn begin_person(store: &impl IdentityHarness, number: u128) -> Box<dyn PersonUnit> {
    let identity = store.identity();
    identity
        .begin_person(user_id(number), &Origin::default())
        .await
        .unwrap()
}

/// Begins a reading unit of person `number`.
pub(crate) async fn read_person(store: &impl IdentityHarness, number: u128) -> Box<dyn PersonUnit> {
    store.identity().read_person(user_id(number)).await.unwrap()
}

/// Begins a unit over the credentials of tenant `number`.
pub(crate) async fn begin(store: &impl IdentityHarness, number: u128) -> Box<dyn IdentityUnit> {
    store.identity().begin(&scope(number)).await.unwrap()
}

/// Begins a reading unit over the credentials of tenant `number`.
pub(crate) async fn read(store: &impl IdentityHarness, number: u128) -> Box<dyn IdentityUnit> {
    store.identity().read(&scope(number)).await.unwrap()
}

/// Registers persons 1 and 2.
pub(crate) async fn register_two(store: &impl IdentityHarness) {
    for number in [1, 2] {
        register(store, number).await.unwrap();
    }
}

/// Registers person `number`.
pub(crate) async fn register(store: &impl IdentityHarness, number: u128) -> Result<(), StoreError> {
    let mut unit = begin_person(store, number).await;
    unit.users().insert(&user(number)).await?;
    unit.commit(vec![Event::new("user.registered", user_id(number))]).await
}
