//! Lets the worker remove audit entries that their tenant's plan does not keep any longer.

use sea_orm_migration::prelude::*;

use crate::ddl::trimmed_by_worker;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        trimmed_by_worker(manager, "audit_log", "tenant_id, id, at").await
    }
}
