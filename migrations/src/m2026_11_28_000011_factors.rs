//! How people prove who they are: what a session rests on, second factors, passkeys, devices.

use sea_orm_migration::prelude::*;

use crate::ddl::{at_null, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        session(manager).await
    }
}

/// Until now people signed in with a password and with nothing else.
async fn session(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [text("methods").default("password").take(), at_null("authenticated_at")] {
        let change = Table::alter().table("session").add_column(column).take();
        manager.alter_table(change).await?;
    }
    Ok(())
}
