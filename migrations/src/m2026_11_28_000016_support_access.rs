//! Support access: visits of operators on behalf of members, consents, and both names in the log.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, flag, id, id_null, index, readable_by_worker, tenant_owned, tenant_table, text, to_tenant,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        impersonation(manager).await?;
        support_consent(manager).await?;
        on_behalf_of(manager).await
    }
}

/// Operators ask which visits go on in all tenants. Visits outlive the memberships they were about: the tenant keeps
/// knowing who came.
async fn impersonation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("impersonation")
                .col(id("operator_id"))
                .col(id("session_id"))
                .col(id("membership_id"))
                .col(id("user_id"))
                .col(text("reason"))
                .col(flag("read_only"))
                .col(at("started_at"))
                .col(at("expires_at"))
                .col(at_null("ended_at"))
                .foreign_key(&mut to_tenant("impersonation"))
                .take(),
        )
        .await?;
    let by_end = index("impersonation_end_idx", "impersonation", &["expires_at"]);
    manager.create_index(by_end).await?;
    tenant_owned(manager, "impersonation").await?;
    readable_by_worker(manager, "impersonation").await
}

async fn support_consent(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("support_consent")
                .col(id("given_by"))
                .col(at("given_at"))
                .col(at("expires_at"))
                .col(at_null("ended_at"))
                .foreign_key(&mut to_tenant("support_consent"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "support_consent").await
}

/// The member on whose behalf an operator acted.
async fn on_behalf_of(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Table::alter()
        .table("audit_log")
        .add_column(id_null("on_behalf_of"))
        .take();
    manager.alter_table(column).await
}
