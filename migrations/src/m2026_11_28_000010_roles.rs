//! The tenant's own roles, further roles of members, offers of ownership, and how a membership came about.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, id, index, int, json, put_right, tenant_owned, tenant_table, text, text_null, to_tenant, unique,
    within_tenant,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        membership(manager).await?;
        tenant_role(manager).await?;
        role_assignment(manager).await?;
        ownership_transfer(manager).await
    }
}

/// Most members were invited. Who was added without an inviter came by the API, and the first of a tenant signed up.
async fn membership(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [text("source").default("invite").take(), at_null("unlocked_at")] {
        let added = Table::alter().table("membership").add_column(column).take();
        manager.alter_table(added).await?;
    }
    put_right(
        manager,
        "membership",
        "update membership set source = case when exists (select 1 from membership other \
         where other.tenant_id = membership.tenant_id and other.created_at < membership.created_at) \
         then 'api' else 'sign_up' end where invited_by is null",
    )
    .await?;
    // Whose role is changed or taken away is asked of all members of a tenant.
    let by_role = index("membership_role_idx", "membership", &["tenant_id", "role"]);
    manager.create_index(by_role).await
}

/// `slot` numbers a tenant's roles from 0: its unique index bounds how many there can be.
async fn tenant_role(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("tenant_role")
                .col(int("slot"))
                .col(text("code"))
                .col(text("code_key"))
                .col(text("name"))
                .col(text("name_key"))
                .col(text_null("description"))
                .col(json("permissions"))
                .col(at("created_at"))
                .col(at("updated_at"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("tenant_role"))
                .take(),
        )
        .await?;
    for (name, column) in [
        ("tenant_role_slot_key", "slot"),
        ("tenant_role_code_key", "code_key"),
        ("tenant_role_name_key", "name_key"),
    ] {
        let key = unique(name, "tenant_role", &["tenant_id", column]);
        manager.create_index(key).await?;
    }
    tenant_owned(manager, "tenant_role").await
}

/// `resource` is empty where the role holds everywhere: an absent value would be equal to none, and so never unique.
async fn role_assignment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("role_assignment")
                .col(id("membership_id"))
                .col(text("role"))
                .col(text("resource"))
                .col(at("created_at"))
                .foreign_key(
                    within_tenant("role_assignment", "membership_id", "membership")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    let once = unique(
        "role_assignment_key",
        "role_assignment",
        &["tenant_id", "membership_id", "role", "resource"],
    );
    manager.create_index(once).await?;
    let by_role = index("role_assignment_role_idx", "role_assignment", &["tenant_id", "role"]);
    manager.create_index(by_role).await?;
    tenant_owned(manager, "role_assignment").await
}

/// One offer at a time, or two people could become owners where one was meant to.
async fn ownership_transfer(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("ownership_transfer")
                .col(id("from_membership"))
                .col(id("to_membership"))
                .col(text("keep_role"))
                .col(at("created_at"))
                .col(at("expires_at"))
                .foreign_key(
                    within_tenant("ownership_transfer", "from_membership", "membership")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .foreign_key(
                    within_tenant("ownership_transfer", "to_membership", "membership")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    let one = unique("ownership_transfer_key", "ownership_transfer", &["tenant_id"]);
    manager.create_index(one).await?;
    for (name, column) in [
        ("ownership_transfer_from_idx", "from_membership"),
        ("ownership_transfer_to_idx", "to_membership"),
    ] {
        let by = index(name, "ownership_transfer", &["tenant_id", column]);
        manager.create_index(by).await?;
    }
    tenant_owned(manager, "ownership_transfer").await
}
