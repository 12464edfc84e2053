//! Budgets of what strangers may cause: letters to one address, tenants founded from one network.

use sea_orm_migration::prelude::*;

use crate::ddl::{at, grant, index};
use crate::roles::WORKER;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        spent_budget(manager).await
    }
}

/// A keyed hash of the subject, and when its budget is whole again. They belong to no tenant: only the worker's role has
/// a right to them.
async fn spent_budget(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("spent_budget")
                .col(ColumnDef::new("subject").blob().not_null().primary_key())
                .col(at("whole_at"))
                .take(),
        )
        .await?;
    let by_time = index("spent_budget_whole_at_idx", "spent_budget", &["whole_at"]);
    manager.create_index(by_time).await?;
    grant(manager, "spent_budget", "select, insert, update, delete", WORKER).await
}
