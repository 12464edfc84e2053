//! How tenants show themselves, and people who are added many at a time.

use sea_orm_migration::prelude::*;

use crate::ddl::{added_by_list, at, id, int, tenant_owned, text_null, to_tenant};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        branding(manager).await?;
        many_people(manager).await
    }
}

/// One row per tenant that ever set its looks.
async fn branding(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("branding")
                .col(id("tenant_id"))
                .col(text_null("display_name"))
                .col(text_null("logo_url"))
                .col(text_null("primary_color"))
                .col(text_null("support_email"))
                .col(text_null("support_url"))
                .col(text_null("footer"))
                .col(at("updated_at"))
                .col(int("version"))
                .primary_key(Index::create().col("tenant_id"))
                .foreign_key(&mut to_tenant("branding"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "branding").await
}

/// A transaction that invites many names them all first, and may then add what a new person consists of. It may not
/// read or change any of them.
async fn many_people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    added_by_list(manager, "app_user", "id").await?;
    added_by_list(manager, "email_directory", "user_id").await?;
    added_by_list(manager, "one_time_token", "user_id").await
}
