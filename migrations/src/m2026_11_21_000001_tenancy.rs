//! Tenants, memberships, custom domains, and the two directories that lead to a tenant.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, countable_by_worker, directory, id, id_null, index, int, json, readable_by_person, readable_by_worker,
    tenant_owned, tenant_owned_by, tenant_table, text, text_null, to_tenant, unique, within_tenant,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tenant(manager).await?;
        membership(manager).await?;
        custom_domain(manager).await?;
        directories(manager).await
    }
}

async fn tenant(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("tenant")
                .col(id("id").primary_key())
                .col(text("slug"))
                .col(text("name"))
                .col(text("status"))
                .col(at_null("suspended_at"))
                .col(text_null("suspended_reason"))
                .col(text("billing_email"))
                .col(text_null("phone"))
                .col(text("timezone"))
                .col(text("locale"))
                .col(text_null("company_size"))
                .col(text_null("use_case"))
                .col(text_null("region"))
                .col(text("search_text"))
                .col(at("created_at"))
                .col(at("updated_at"))
                .col(int("version"))
                .take(),
        )
        .await?;
    tenant_owned_by(manager, "tenant", "id").await?;
    readable_by_worker(manager, "tenant").await
}

async fn membership(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("membership")
                .col(id("user_id"))
                .col(text("email"))
                .col(text_null("name"))
                .col(text("role"))
                .col(json("extra_permissions"))
                .col(text_null("department"))
                .col(text_null("position"))
                .col(text("status"))
                .col(at_null("invitation_expires_at"))
                .col(at_null("deactivated_at"))
                .col(id_null("invited_by"))
                .col(at_null("last_login_at"))
                .col(text("search_text"))
                .col(at("created_at"))
                .col(at("updated_at"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("membership"))
                .take(),
        )
        .await?;
    let by_user = unique("membership_user_key", "membership", &["tenant_id", "user_id"]);
    manager.create_index(by_user).await?;
    let by_email = unique("membership_email_key", "membership", &["tenant_id", "email"]);
    manager.create_index(by_email).await?;
    let by_person = index("membership_person_idx", "membership", &["user_id"]);
    manager.create_index(by_person).await?;
    tenant_owned(manager, "membership").await?;
    readable_by_person(manager, "membership", "user_id").await?;
    countable_by_worker(manager, "membership", "tenant_id, status").await
}

async fn custom_domain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("custom_domain")
                .col(text("host"))
                .col(text("verification_token"))
                .col(at_null("verified_at"))
                .col(at("created_at"))
                .foreign_key(&mut to_tenant("custom_domain"))
                .take(),
        )
        .await?;
    let by_host = unique("custom_domain_host_key", "custom_domain", &["tenant_id", "host"]);
    manager.create_index(by_host).await?;
    tenant_owned(manager, "custom_domain").await
}

/// What is looked up before the tenant is known.
async fn directories(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("slug_directory")
                .col(text("slug").primary_key())
                .col(id("tenant_id"))
                .foreign_key(to_tenant("slug_directory").on_delete(ForeignKeyAction::Cascade))
                .take(),
        )
        .await?;
    let by_tenant = index("slug_directory_tenant_idx", "slug_directory", &["tenant_id"]);
    manager.create_index(by_tenant).await?;
    directory(manager, "slug_directory").await?;

    manager
        .create_table(
            Table::create()
                .table("domain_directory")
                .col(text("host").primary_key())
                .col(id("tenant_id"))
                .col(id("domain_id"))
                .foreign_key(
                    within_tenant("domain_directory", "domain_id", "custom_domain")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    let by_domain = index(
        "domain_directory_domain_idx",
        "domain_directory",
        &["tenant_id", "domain_id"],
    );
    manager.create_index(by_domain).await?;
    directory(manager, "domain_directory").await
}
