//! Addresses at which whoever holds the account was seen to read mail.

use sea_orm_migration::prelude::*;

use crate::ddl::at_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// Of what was verified before nobody knows who followed the link: it is held when its person shows so.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let held = Table::alter().table("user_email").add_column(at_null("held_at")).take();
        manager.alter_table(held).await
    }
}
