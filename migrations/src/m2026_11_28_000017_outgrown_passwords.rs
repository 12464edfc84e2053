//! Sign-ins that wait remember that the password does not do any more.

use sea_orm_migration::prelude::*;

use crate::ddl::text_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = &mut text_null("outgrown");
        let change = Table::alter().table("pending_sign_in").add_column(column).take();
        manager.alter_table(change).await
    }
}
