//! What a tenant asks of those who enter it.

use sea_orm_migration::prelude::*;

use crate::ddl::{int, json_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        security_of_a_tenant(manager).await
    }
}

/// In the tenant's own row, since the gate reads both in one statement. Empty until the tenant writes a policy.
async fn security_of_a_tenant(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // SQLite adds one column at a time.
    for mut column in [json_null("security"), int("security_version").default(0).take()] {
        let added = Table::alter().table("tenant").add_column(&mut column).take();
        manager.alter_table(added).await?;
    }
    Ok(())
}
