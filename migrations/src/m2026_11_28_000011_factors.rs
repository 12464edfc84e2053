//! How people prove who they are: what a session rests on, second factors, passkeys, devices, pending sign-ins.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, bytes, flag, id_null, index, int, json, person_owned, person_table, text, text_null, to_person, unique,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        session(manager).await?;
        totp_factor(manager).await?;
        recovery_code(manager).await?;
        passkey(manager).await?;
        spent_challenge(manager).await?;
        remembered_device(manager).await?;
        known_place(manager).await?;
        pending_sign_in(manager).await
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

/// A person's table whose rows go with the person.
fn of_person(name: &'static str) -> TableCreateStatement {
    person_table(name)
        .foreign_key(to_person(name).on_delete(ForeignKeyAction::Cascade))
        .take()
}

async fn totp_factor(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("totp_factor")
                .col(bytes("secret"))
                .col(at_null("confirmed_at"))
                .col(int("last_step"))
                .col(int("failures"))
                .col(at_null("locked_until"))
                .col(at("created_at"))
                .take(),
        )
        .await?;
    let one = unique("totp_factor_person_key", "totp_factor", &["user_id"]);
    manager.create_index(one).await?;
    person_owned(manager, "totp_factor", "user_id").await
}

async fn recovery_code(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("recovery_code")
                .col(bytes("fingerprint"))
                .col(at("created_at"))
                .col(at_null("used_at"))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "recovery_code_fingerprint_key",
        "recovery_code",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    person_owned(manager, "recovery_code", "user_id").await
}

async fn passkey(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("passkey")
                .col(text("name"))
                .col(bytes("credential"))
                .col(bytes("public_key"))
                .col(int("sign_count"))
                .col(flag("backup_eligible"))
                .col(flag("backed_up"))
                .col(json("transports"))
                .col(at("created_at"))
                .col(at_null("last_used_at"))
                .take(),
        )
        .await?;
    let by_credential = unique("passkey_credential_key", "passkey", &["user_id", "credential"]);
    manager.create_index(by_credential).await?;
    person_owned(manager, "passkey", "user_id").await
}

async fn spent_challenge(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("spent_challenge")
                .col(bytes("fingerprint"))
                .col(at("expires_at"))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "spent_challenge_fingerprint_key",
        "spent_challenge",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    person_owned(manager, "spent_challenge", "user_id").await
}

async fn remembered_device(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("remembered_device")
                .col(bytes("fingerprint"))
                .col(text_null("user_agent"))
                .col(text_null("address"))
                .col(at("created_at"))
                .col(at("last_used_at"))
                .col(at("expires_at"))
                .col(int("failures"))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "remembered_device_fingerprint_key",
        "remembered_device",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    person_owned(manager, "remembered_device", "user_id").await
}

async fn known_place(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("known_place")
                .col(bytes("fingerprint"))
                .col(at("first_seen_at"))
                .col(at("last_seen_at"))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "known_place_fingerprint_key",
        "known_place",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    person_owned(manager, "known_place", "user_id").await
}

/// Like a session's, its membership and its session may go without it: it then leads nowhere.
async fn pending_sign_in(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            of_person("pending_sign_in")
                .col(bytes("fingerprint"))
                .col(text("missing"))
                .col(text("methods"))
                .col(id_null("tenant_id"))
                .col(id_null("membership_id"))
                .col(id_null("session_id"))
                .col(at("expires_at"))
                .col(at_null("used_at"))
                .col(int("failures"))
                .take(),
        )
        .await?;
    let by_fingerprint = unique(
        "pending_sign_in_fingerprint_key",
        "pending_sign_in",
        &["user_id", "fingerprint"],
    );
    manager.create_index(by_fingerprint).await?;
    let by_end = index("pending_sign_in_end_idx", "pending_sign_in", &["user_id", "expires_at"]);
    manager.create_index(by_end).await?;
    person_owned(manager, "pending_sign_in", "user_id").await
}
