//! Platform keys: credentials of the installation's own programs.

use sea_orm_migration::prelude::*;

use crate::ddl::{at, at_null, bytes, grant, id, id_null, int, json, text};
use crate::roles::WORKER;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        platform_key(manager).await
    }
}

/// They belong to no tenant: no request has a right to them, only the worker's role. Nobody removes one.
async fn platform_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("platform_key")
                .col(id("id").primary_key())
                .col(text("name"))
                .col(json("permissions"))
                .col(json("allowed_ips"))
                .col(bytes("fingerprint"))
                .col(text("hint"))
                .col(id_null("created_by"))
                .col(at("created_at"))
                .col(at_null("expires_at"))
                .col(at_null("revoked_at"))
                .col(at_null("last_used_at"))
                .col(int("version"))
                .take(),
        )
        .await?;
    grant(manager, "platform_key", "select, insert, update", WORKER).await
}
