//! What happened (audit), what others must learn (outbox), what is still to do (jobs), and which
//! requests were already served (receipts).

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, bytes, bytes_null, grant, grant_sequence, id, id_null, index, int, int_null, json, purged_by_worker,
    stamp_transaction, takes_platform_rows, tenant_log, tenant_owned, tenant_table, text, text_null,
};
use crate::roles::{APP, WORKER};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        audit_log(manager).await?;
        outbox_event(manager).await?;
        job(manager).await?;
        idempotency_receipt(manager).await
    }
}

/// No foreign key to the tenant: rows of the platform carry the nil tenant, and a trail outlives what it tells of.
async fn audit_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("audit_log")
                .col(at("at"))
                .col(text("action"))
                .col(text("actor_kind"))
                .col(text("actor_id"))
                .col(id_null("user_id"))
                .col(text("resource_type"))
                .col(text("resource_id"))
                .col(json("changes"))
                .col(text_null("address"))
                .col(text_null("user_agent"))
                .col(text("request_id"))
                .take(),
        )
        .await?;
    for (name, column) in [
        ("audit_log_action_idx", "action"),
        ("audit_log_actor_idx", "actor_id"),
        ("audit_log_resource_idx", "resource_id"),
        ("audit_log_resource_type_idx", "resource_type"),
    ] {
        let by_column = index(name, "audit_log", &["tenant_id", column, "id"]);
        manager.create_index(by_column).await?;
    }
    tenant_log(manager, "audit_log").await
}

/// A platform table: nodes follow it as a whole, to empty their caches. It names things, it tells nothing about them.
async fn outbox_event(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("outbox_event")
                .col(
                    ColumnDef::new("seq")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(int("txid").default(0))
                .col(id_null("tenant_id"))
                .col(id_null("user_id"))
                .col(id_null("audit_id"))
                .col(text("action"))
                .col(text("resource_type"))
                .col(text("resource_id"))
                .col(at("created_at"))
                .take(),
        )
        .await?;
    stamp_transaction(manager, "outbox_event", "txid").await?;
    let by_transaction = index("outbox_event_txid_idx", "outbox_event", &["txid"]);
    manager.create_index(by_transaction).await?;
    let by_age = index("outbox_event_age_idx", "outbox_event", &["created_at"]);
    manager.create_index(by_age).await?;
    grant(manager, "outbox_event", "insert", APP).await?;
    grant(manager, "outbox_event", "select, insert, delete", WORKER).await?;
    grant_sequence(manager, "outbox_event_seq_seq").await
}

/// A platform table: the worker takes jobs of all tenants, requests only add them. Payloads are sealed.
async fn job(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("job")
                .col(id("id").primary_key())
                .col(text("kind"))
                .col(id_null("tenant_id"))
                .col(bytes("payload"))
                .col(int("attempts"))
                .col(at("run_at"))
                .col(int("lease_token"))
                .col(at_null("leased_until"))
                .col(text_null("last_error"))
                .col(at_null("buried_at"))
                .col(at("created_at"))
                .take(),
        )
        .await?;
    let due = index("job_due_idx", "job", &["kind", "run_at"]);
    manager.create_index(due).await?;
    grant(manager, "job", "insert", APP).await?;
    grant(manager, "job", "select, insert, update, delete", WORKER).await
}

async fn idempotency_receipt(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("idempotency_receipt")
                .col(id("tenant_id"))
                .col(text("principal"))
                .col(text("operation"))
                .col(text("key"))
                .col(bytes("body_digest"))
                .col(text("subject"))
                .col(int_null("status"))
                .col(bytes_null("answer"))
                .col(at("created_at"))
                .primary_key(
                    Index::create()
                        .col("tenant_id")
                        .col("principal")
                        .col("operation")
                        .col("key"),
                )
                .take(),
        )
        .await?;
    let by_age = index("idempotency_receipt_age_idx", "idempotency_receipt", &["created_at"]);
    manager.create_index(by_age).await?;
    tenant_owned(manager, "idempotency_receipt").await?;
    takes_platform_rows(manager, "idempotency_receipt").await?;
    purged_by_worker(manager, "idempotency_receipt").await
}
