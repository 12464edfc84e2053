//! People with several addresses, people who go, and personal values of the audit log in a place of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{
    added_by_list, at, at_null, countable_by_worker, flag, grant, id, id_null, index, json, json_null,
    kept_apart_by_tenant, person_owned, person_table, readable_by_person, tenant_table, text, text_null, to_person,
    unique, unproven_is_taken, within_tenant, without_force,
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
        user_email(manager).await?;
        one_time_token(manager).await?;
        audit_log(manager).await?;
        audit_personal(manager).await
    }
}

/// One column: SQLite takes no more at a time.
async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    let mut column = column;
    manager
        .alter_table(Table::alter().table(table).add_column(&mut column).take())
        .await
}

async fn app_user(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [
        text_null("timezone"),
        at_null("erase_at"),
        id_null("merged_into"),
        text("search_text").default("").take(),
    ] {
        add(manager, "app_user", column).await?;
    }
    let line_break = match manager.get_database_backend() {
        DbBackend::Sqlite => "char(10)",
        _ => "chr(10)",
    };
    let search = format!("update app_user set search_text = lower(name || {line_break} || email)");
    without_force(manager, &["app_user"], &search).await?;
    let due = index("app_user_erase_idx", "app_user", &["erase_at"]);
    manager.create_index(due).await?;
    let merged = index("app_user_merged_idx", "app_user", &["merged_into"]);
    manager.create_index(merged).await?;
    // Operators list people by these. No hash, no count of wrong passwords, and no language is among them.
    let listed = "id, email, name, email_verified_at, status, disabled_at, platform_role, last_login_at, created_at, \
                  erase_at, merged_into, search_text";
    countable_by_worker(manager, "app_user", listed).await?;
    // How many tenants somebody has is counted, not which.
    grant(manager, "membership", "select (user_id)", WORKER).await
}

/// Who proved that they read mail at an address has it; who only claimed it gives way.
async fn email_directory(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add(manager, "email_directory", flag("verified").default(false).take()).await?;
    let verified = "update email_directory set verified = true where user_id in \
                    (select id from app_user where email_verified_at is not null)";
    without_force(manager, &["app_user", "email_directory"], verified).await?;
    unproven_is_taken(manager, "email_directory", "user_id", "verified").await
}

async fn user_email(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            person_table("user_email")
                .col(text("email"))
                .col(at_null("verified_at"))
                .col(at_null("replaced_at"))
                .col(at("created_at"))
                .foreign_key(to_person("user_email").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let by_email = unique("user_email_key", "user_email", &["user_id", "email"]);
    manager.create_index(by_email).await?;
    let known = "insert into user_email (user_id, id, email, verified_at, replaced_at, created_at) \
                 select id, id, email, email_verified_at, null, created_at from app_user";
    without_force(manager, &["app_user"], known).await?;
    person_owned(manager, "user_email", "user_id").await?;
    added_by_list(manager, "user_email", "user_id").await
}

/// What a token is about, beyond its person: one of their addresses, or whoever it is to be handed to.
async fn one_time_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add(manager, "one_time_token", id_null("subject_id")).await
}

async fn audit_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add(manager, "audit_log", json_null("personal")).await?;
    let by_person = index("audit_log_person_idx", "audit_log", &["user_id", "id"]);
    manager.create_index(by_person).await?;
    readable_by_person(manager, "audit_log", "user_id").await
}

/// The log itself is never changed. What it says of people is here, and goes with them; the log keeps its digest.
async fn audit_personal(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("audit_personal")
                .col(id("audit_id"))
                .col(id("user_id"))
                .col(json("said"))
                .foreign_key(
                    within_tenant("audit_personal", "audit_id", "audit_log").on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    let by_entry = index("audit_personal_entry_idx", "audit_personal", &["tenant_id", "audit_id"]);
    manager.create_index(by_entry).await?;
    let by_person = index("audit_personal_person_idx", "audit_personal", &["user_id", "tenant_id"]);
    manager.create_index(by_person).await?;
    kept_apart_by_tenant(manager, "audit_personal", "user_id").await
}
