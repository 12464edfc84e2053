//! What the installation keeps for itself: signing keys and the catalogs it has seen.

use sea_orm_migration::prelude::*;

use crate::ddl::{at, bytes, grant, int, text};
use crate::roles::WORKER;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        signing_key(manager).await?;
        plan_version(manager).await?;
        catalog_state(manager).await
    }
}

/// Sealed by the master key, so that every node signs and checks alike. Of two nodes that make a key at
/// once, the sequence lets one win.
async fn signing_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("signing_key")
                .col(int("sequence").primary_key())
                .col(text("kid"))
                .col(bytes("sealed"))
                .col(at("created_at"))
                .col(at("signs_from"))
                .take(),
        )
        .await?;
    grant(manager, "signing_key", "select, insert", WORKER).await
}

/// Every edition of every plan that was ever on offer: subscribers keep theirs. The document is text, not
/// JSON: its version is the hash of exactly these bytes.
async fn plan_version(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("plan_version")
                .col(text("code"))
                .col(text("version"))
                .col(text("document"))
                .col(at("created_at"))
                .primary_key(Index::create().col("code").col("version"))
                .take(),
        )
        .await?;
    grant(manager, "plan_version", "select, insert", WORKER).await
}

/// One row: which catalog this installation runs.
async fn catalog_state(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("catalog_state")
                .col(int("id").primary_key())
                .col(text("name"))
                .col(text("hash"))
                .col(at("applied_at"))
                .take(),
        )
        .await?;
    grant(manager, "catalog_state", "select, insert, update", WORKER).await
}
