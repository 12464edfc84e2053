//! The connection to the database, and its schema.

use std::sync::Arc;

use tenantry_kernel::Cipher;
use tenantry_store_seaorm::{Durability, SeaOrmStore, StoreOptions, StorePorts};

use super::{Sources, StartError, cipher};
use crate::config::{self, Config, Mode, SqliteDurability};

/// Connects to the server's own database.
pub(super) async fn connect(
    config: &Config,
    sources: &Sources,
    cipher: &Arc<dyn Cipher>,
) -> Result<SeaOrmStore, StartError> {
    if config.uses_sqlite() {
        config::make_data_dir(&config.data_dir).map_err(|cause| StartError::DataDir {
            folder: config.data_dir.clone(),
            cause,
        })?;
    }
    let options = options(config, config.database_url.expose());
    Ok(SeaOrmStore::connect(&options, store_ports(sources, cipher)).await?)
}

/// Connects for the tools that look at the database without starting a node.
pub(crate) async fn connect_plainly(config: &Config, sources: &Sources) -> Result<SeaOrmStore, StartError> {
    let cipher = cipher(config, sources)?;
    connect(config, sources, &cipher).await
}

/// Lets the role of the server's own URL switch to the restricted roles, when the owner is another one.
pub(crate) async fn grant_server_role(config: &Config, owner: &SeaOrmStore) -> Result<(), StartError> {
    if config.migrate_database_url.is_none() || config.uses_sqlite() {
        return Ok(());
    }
    let url = url::Url::parse(config.database_url.expose()).ok();
    let login = url.as_ref().map(url::Url::username).filter(|name| !name.is_empty());
    if let Some(login) = login {
        tenantry_migrations::grant_login(owner.schema_connection(), login).await?;
    }
    Ok(())
}

fn options(config: &Config, url: &str) -> StoreOptions {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
    let by_cores = u32::try_from(cores * 4).unwrap_or(8).max(8);
    let durability = match config.sqlite_durability {
        SqliteDurability::Full => Durability::Full,
        SqliteDurability::Normal => Durability::Normal,
    };
    StoreOptions::new(url)
        .pool_size(config.pool_size.unwrap_or(by_cores))
        .durability(durability)
}

fn store_ports(sources: &Sources, cipher: &Arc<dyn Cipher>) -> StorePorts {
    StorePorts {
        cipher: cipher.clone(),
        clock: sources.clock.clone(),
        ids: sources.ids.clone(),
    }
}

/// Applies what is pending, as the owner where one is configured.
pub(super) async fn migrate(
    config: &Config,
    sources: &Sources,
    cipher: &Arc<dyn Cipher>,
    store: &SeaOrmStore,
) -> Result<(), StartError> {
    if tenantry_migrations::status(store.schema_connection())
        .await?
        .pending
        .is_empty()
    {
        return Ok(());
    }
    let applied = match &config.migrate_database_url {
        None => tenantry_migrations::up(store.schema_connection()).await?,
        Some(owner) => {
            let owner = SeaOrmStore::connect(&options(config, owner.expose()), store_ports(sources, cipher)).await?;
            let applied = tenantry_migrations::up(owner.schema_connection()).await?;
            grant_server_role(config, &owner).await?;
            owner.close().await?;
            applied
        }
    };
    tracing::info!(applied = applied.len(), "the database schema is up to date");
    Ok(())
}

pub(super) async fn refuse_superuser(config: &Config, store: &SeaOrmStore) -> Result<(), StartError> {
    if config.mode == Mode::Production && store.bypasses_row_security().await? {
        return Err(StartError::Superuser);
    }
    Ok(())
}
