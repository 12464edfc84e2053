//! Whether a database belongs to this configuration, and what other nodes have put into it.

use tenantry_auth_jwt::keys::{KeyRing, KeyRingError};
use tenantry_lifecycle::catalog::{CatalogState, PlanArchive};
use tenantry_store_seaorm::SeaOrmStore;

use super::{Installation, Sources, StartError, authority, cipher, worker_scope};
use crate::catalog;
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

impl Installation {
    /// Comes to know the editions that were published since the catalog `seen` was in use, when another is by now.
    /// Answers which one is. This node goes on selling by its own.
    ///
    /// # Errors
    /// [`StartError`] when the archive of plans cannot be read.
    pub async fn learn_editions(&self, seen: &CatalogState) -> Result<CatalogState, StartError> {
        let scope = self.system_scope("catalog");
        match PlanArchive::state(&self.store, &scope).await? {
            Some(state) if state != *seen => {
                let archived = self.store.load_all(&scope).await?;
                let editions = archived.iter().map(catalog::restore).collect::<Result<Vec<_>, _>>()?;
                self.catalog.learn(editions);
                tracing::info!(
                    catalog = state.name,
                    "another catalog was applied: this node goes on with its own and serves subscribers of both"
                );
                Ok(state)
            }
            _ => Ok(seen.clone()),
        }
    }
}
