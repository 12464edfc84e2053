//! Domains of e-mail addresses that tenants proved, and people who want to join by them.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, countable_by_worker, id, index, readable_by_person, tenant_owned, tenant_table, text, to_tenant,
    trimmed_by_worker, unique,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        mail_domain(manager).await?;
        join_request(manager).await?;
        former_member(manager).await
    }
}

/// Unlike a host, a domain may be proved by several tenants.
async fn mail_domain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("mail_domain")
                .col(text("domain"))
                .col(text("verification_token"))
                .col(at_null("verified_at"))
                .col(at("created_at"))
                .foreign_key(to_tenant("mail_domain").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let once = unique("mail_domain_key", "mail_domain", &["tenant_id", "domain"]);
    manager.create_index(once).await?;
    let by_name = index("mail_domain_name_idx", "mail_domain", &["domain"]);
    manager.create_index(by_name).await?;
    tenant_owned(manager, "mail_domain").await?;
    // Which tenants proved a domain is asked before a tenant is entered.
    countable_by_worker(manager, "mail_domain", "tenant_id, domain, verified_at").await
}

async fn join_request(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("join_request")
                .col(id("user_id"))
                .col(text("email"))
                .col(text("name"))
                .col(text("state"))
                .col(at("asked_at"))
                .col(at("told_at"))
                .col(at("ends_at"))
                .foreign_key(to_tenant("join_request").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let once = unique("join_request_user_key", "join_request", &["tenant_id", "user_id"]);
    manager.create_index(once).await?;
    let by_person = index("join_request_person_idx", "join_request", &["user_id"]);
    manager.create_index(by_person).await?;
    let by_end = index("join_request_end_idx", "join_request", &["ends_at"]);
    manager.create_index(by_end).await?;
    tenant_owned(manager, "join_request").await?;
    readable_by_person(manager, "join_request", "user_id").await?;
    trimmed_by_worker(manager, "join_request", "tenant_id, id, ends_at").await
}

/// Whom a tenant removed: an address at its domain alone does not bring them back.
async fn former_member(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("former_member")
                .col(id("user_id"))
                .col(at("removed_at"))
                .foreign_key(to_tenant("former_member").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let once = unique("former_member_user_key", "former_member", &["tenant_id", "user_id"]);
    manager.create_index(once).await?;
    let by_person = index("former_member_person_idx", "former_member", &["user_id"]);
    manager.create_index(by_person).await?;
    tenant_owned(manager, "former_member").await?;
    readable_by_person(manager, "former_member", "user_id").await
}
