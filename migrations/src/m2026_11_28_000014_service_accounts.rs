//! Signing keys with an algorithm and an end; service accounts; API keys with owners and with overlap.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, bytes_null, grant, id_null, int, json, tenant_owned, tenant_table, text, text_null, to_tenant,
};
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
        service_account(manager).await?;
        api_key(manager).await
    }
}

/// Keys of before this column sign with `EdDSA`.
async fn signing_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [text("algorithm").default("EdDSA").take(), at_null("revoked_at")] {
        let added = Table::alter().table("signing_key").add_column(column).take();
        manager.alter_table(added).await?;
    }
    grant(manager, "signing_key", "update (signs_from, revoked_at)", WORKER).await
}

/// Who made an account is told without a foreign key: the membership may go, the account stays.
async fn service_account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("service_account")
                .col(text("name"))
                .col(json("permissions"))
                .col(json("secrets"))
                .col(id_null("created_by"))
                .col(at("created_at"))
                .col(at_null("deactivated_at"))
                .col(at_null("removed_at"))
                .col(json("revoked_tokens"))
                .col(at_null("tokens_void_until"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("service_account"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "service_account").await
}

/// Keys of before these columns are their makers'; those that no member made are the tenant's.
async fn api_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [
        text("kind").default("personal").take(),
        id_null("service_account_id"),
        bytes_null("previous_fingerprint"),
        text_null("previous_hint"),
        at_null("previous_until"),
    ] {
        let added = Table::alter().table("api_key").add_column(column).take();
        manager.alter_table(added).await?;
    }
    let unowned = Query::update()
        .table("api_key")
        .value("kind", "tenant")
        .and_where(Expr::col("created_by").is_null())
        .take();
    manager.execute(unowned).await
}
