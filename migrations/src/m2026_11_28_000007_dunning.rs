//! How far dunning has come with each invoice, and what a tenant is suspended for.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, countable_by_worker, int, readable_by_worker, tenant_owned, tenant_table, text_null, within_tenant,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dunning_case(manager).await?;
        suspended_for(manager).await
    }
}

/// One row per unpaid invoice, its id the invoice's; an open invoice without one has just become due.
async fn dunning_case(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("dunning_case")
                .col(at("due_at"))
                .col(int("retried_days"))
                .col(at_null("suspended_at"))
                .col(at_null("cancelled_at"))
                .col(at_null("next_at"))
                .foreign_key(&mut within_tenant("dunning_case", "id", "invoice"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "dunning_case").await?;
    readable_by_worker(manager, "dunning_case").await?;
    // To find out whose invoices are unpaid, and nothing of what they say.
    countable_by_worker(manager, "invoice", "tenant_id, id, status").await
}

/// Empty for an operator's suspensions of before this column.
async fn suspended_for(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = Table::alter()
        .table("tenant")
        .add_column(text_null("suspended_for"))
        .take();
    manager.alter_table(column).await
}
