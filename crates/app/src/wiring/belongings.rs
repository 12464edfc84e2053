//! Whether a database belongs to this configuration.

use tenantry_auth_jwt::keys::{KeyRing, KeyRingError};
use tenantry_lifecycle::catalog::{CatalogState, PlanArchive};
use tenantry_store_seaorm::SeaOrmStore;

use super::{Sources, StartError, authority, cipher, worker_scope};
use crate::config::Config;

/// What of the database belongs to another configuration than this one.
pub(crate) struct Belongings {
    /// How many signing keys the master key opens, or why it does not.
    pub keys: Result<usize, KeyRingError>,
    /// The catalog that the installation runs; `None` before the first start.
    pub catalog: Option<CatalogState>,
}

/// Looks whether the database belongs to this configuration, and changes nothing. The schema must be up to date.
pub(crate) async fn belongings(config: &Config, store: &SeaOrmStore) -> Result<Belongings, StartError> {
    let cipher = cipher(config, &Sources::default())?;
    let scope = worker_scope(&authority(), "doctor");
    Ok(Belongings {
        keys: KeyRing::examine(store, cipher.as_ref()).await,
        catalog: PlanArchive::state(store, &scope).await?,
    })
}
