//! People, their sessions and one-time tokens, and the tenants' API keys.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, bytes, flag, grant, id, id_null, index, int, int_null, json, person_directory, person_owned,
    person_table, tenant_owned, tenant_table, text, text_null, to_person, to_tenant, unique, within_person,
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
        app_user(manager).await?;
        email_directory(manager).await?;
        session(manager).await?;
        refresh_token(manager).await?;
        one_time_token(manager).await?;
        api_key(manager).await
    }
}

/// `user` is a reserved word of PostgreSQL.
async fn app_user(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("app_user")
                .col(id("id").primary_key())
                .col(text("email"))
                .col(text("name"))
                .col(text_null("password_hash"))
                .col(at_null("email_verified_at"))
                .col(text("status"))
                .col(at_null("disabled_at"))
                .col(text_null("platform_role"))
                .col(int("failed_logins"))
                .col(at_null("locked_until"))
                .col(at_null("last_login_at"))
                .col(text("locale"))
                .col(at("created_at"))
                .col(int("version"))
                .take(),
        )
        .await?;
    person_owned(manager, "app_user", "id").await
}

/// What is looked up before the person is known. It holds fingerprints: reading it tells no address.
async fn email_directory(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("email_directory")
                .col(bytes("fingerprint").primary_key())
                .col(id("user_id"))
                .foreign_key(to_person("email_directory").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let by_person = index("email_directory_person_idx", "email_directory", &["user_id"]);
    manager.create_index(by_person).await?;
    person_directory(manager, "email_directory", "user_id").await?;
    // Every person is in it once: so they are counted without a look at anybody.
    grant(manager, "email_directory", "select (user_id)", WORKER).await
}

/// A session points to a membership without a foreign key: the membership may go, and the session then
/// leads nowhere.
async fn session(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            person_table("session")
                .col(id_null("tenant_id"))
                .col(id_null("membership_id"))
                .col(at("created_at"))
                .col(at("expires_at"))
                .col(at("last_used_at"))
                .col(at_null("ended_at"))
                .col(at("stepped_up_at"))
                .col(text_null("address"))
                .col(text_null("user_agent"))
                .foreign_key(to_person("session").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    person_owned(manager, "session", "user_id").await
}

async fn refresh_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            person_table("refresh_token")
                .col(id("session_id"))
                .col(bytes("fingerprint"))
                .col(at("issued_at"))
                .col(at("expires_at"))
                .col(at_null("used_at"))
                .foreign_key(
                    within_person("refresh_token", "session_id", "session").on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "refresh_token_fingerprint_key",
        "refresh_token",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    let by_session = index("refresh_token_session_idx", "refresh_token", &["user_id", "session_id"]);
    manager.create_index(by_session).await?;
    person_owned(manager, "refresh_token", "user_id").await
}

async fn one_time_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            person_table("one_time_token")
                .col(id_null("tenant_id"))
                .col(id_null("membership_id"))
                .col(text("purpose"))
                .col(bytes("fingerprint"))
                .col(at("expires_at"))
                .col(at_null("used_at"))
                .foreign_key(to_person("one_time_token").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "one_time_token_fingerprint_key",
        "one_time_token",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    person_owned(manager, "one_time_token", "user_id").await
}

/// Who made a key is told without a foreign key: the membership may go, the key stays.
async fn api_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("api_key")
                .col(text("name"))
                .col(flag("live"))
                .col(json("permissions"))
                .col(int_null("rate_limit"))
                .col(json("allowed_ips"))
                .col(bytes("fingerprint"))
                .col(text("hint"))
                .col(id_null("created_by"))
                .col(at("created_at"))
                .col(at_null("expires_at"))
                .col(at_null("revoked_at"))
                .col(at_null("rotated_at"))
                .col(at_null("last_used_at"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("api_key"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "api_key").await
}
