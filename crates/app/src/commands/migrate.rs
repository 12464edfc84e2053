//! `tenantry migrate`.

use std::sync::Arc;

use crate::config::Config;
use crate::wiring::{self, Sources, StartError};

/// Brings the schema up to date, or tells what there is to do.
///
/// # Errors
/// [`StartError`].
pub async fn run(config: &Config, only_status: bool) -> Result<(), StartError> {
    let mut as_owner = config.clone();
    as_owner.database_url = config.owner_database_url().clone();
    let store = wiring::connect_plainly(&as_owner, &Sources::default()).await?;
    let db = store.schema_connection();
    if only_status {
        let status = tenantry_migrations::status(db).await?;
        for name in &status.applied {
            println!("applied  {name}");
        }
        for name in &status.pending {
            println!("pending  {name}");
        }
        return Ok(());
    }
    let applied = tenantry_migrations::up(db).await?;
    match applied.as_slice() {
        [] => println!("The schema is up to date."),
        names => names.iter().for_each(|name| println!("applied  {name}")),
    }
    wiring::grant_server_role(config, &store).await?;
    let store = Arc::new(store);
    store.close().await?;
    Ok(())
}
