//! Entitlements, usage accounts and the ledger.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    appended_by_quota_engine, at, at_null, bytes, flag, id, index, int, int_null, kept_by_quota_engine,
    readable_by_tenant, readable_by_worker, tenant_owned, tenant_table, text, text_null, to_tenant, unique,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        plan(manager).await?;
        entitlement(manager).await?;
        limit_override(manager).await?;
        gauge(manager).await?;
        account(manager).await?;
        ledger(manager).await?;
        alert(manager).await
    }
}

/// A tenant's table whose rows have a name instead of an id.
fn named(table: &'static str, key: &[&'static str]) -> TableCreateStatement {
    let mut primary = Index::create().col("tenant_id").take();
    for column in key {
        primary.col(*column);
    }
    Table::create()
        .table(table)
        .col(id("tenant_id"))
        .primary_key(&mut primary)
        .take()
}

/// Which edition of which plan a tenant has, and from when its months count.
async fn plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("tenant_plan", &[])
                .col(text("plan_code"))
                .col(text("plan_version"))
                .col(text("timezone"))
                .col(at("anchor"))
                .foreign_key(&mut to_tenant("tenant_plan"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "tenant_plan").await?;
    readable_by_worker(manager, "tenant_plan").await
}

async fn entitlement(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("entitlement", &["meter", "period"])
                .col(text("meter"))
                .col(text("period"))
                .col(int_null("limit_value"))
                .col(text("enforcement"))
                .col(flag("overage"))
                .foreign_key(&mut to_tenant("entitlement"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "entitlement").await?;
    manager
        .create_table(
            named("feature_grant", &["feature"])
                .col(text("feature"))
                .foreign_key(&mut to_tenant("feature_grant"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "feature_grant").await
}

async fn limit_override(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("quota_override", &["meter"])
                .col(text("meter"))
                .col(int_null("limit_value"))
                .col(text("reason"))
                .col(at("overridden_at"))
                .foreign_key(&mut to_tenant("quota_override"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "quota_override").await
}

/// Gauges that change with other rows of the tenant, such as seats. The engine never locks them.
async fn gauge(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("quota_gauge", &["meter"])
                .col(text("meter"))
                .col(int("used"))
                .check(Expr::col("used").gte(0))
                .foreign_key(&mut to_tenant("quota_gauge"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "quota_gauge").await
}

const ACCOUNT: [&str; 4] = ["meter", "live", "period", "period_start"];

/// The last wall: no account holds less than nothing, or more than the limit it was counted under.
async fn account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let within_limit = Expr::col("within_limit")
        .is_null()
        .or(Expr::col("posted").lte(Expr::col("within_limit")));
    manager
        .create_table(
            named("quota_account", &ACCOUNT)
                .col(text("meter"))
                .col(flag("live"))
                .col(text("period"))
                .col(at("period_start"))
                .col(int("posted"))
                .col(int_null("within_limit"))
                .check(Expr::col("posted").gte(0))
                .check(within_limit)
                .foreign_key(&mut to_tenant("quota_account"))
                .take(),
        )
        .await?;
    readable_by_tenant(manager, "quota_account").await?;
    kept_by_quota_engine(manager, "quota_account").await
}

/// No foreign key to the tenant: it would be checked, and the tenant's row locked, for every operation.
async fn ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("usage_ledger")
                .col(text("operation"))
                .col(bytes("digest"))
                .col(text("meter"))
                .col(flag("live"))
                .col(text("period"))
                .col(at("period_start"))
                .col(int("amount"))
                .col(int("used_after"))
                .col(int_null("limit_value"))
                .col(at_null("resets_at"))
                .col(text_null("description"))
                .col(text_null("subject"))
                .col(text("actor_kind"))
                .col(text("actor_id"))
                .col(at("counted_at"))
                .check(Expr::col("amount").gt(0))
                .take(),
        )
        .await?;
    let once = unique(
        "usage_ledger_operation_key",
        "usage_ledger",
        &["tenant_id", "operation"],
    );
    manager.create_index(once).await?;
    let by_meter = index(
        "usage_ledger_meter_idx",
        "usage_ledger",
        &["tenant_id", "meter", "counted_at"],
    );
    manager.create_index(by_meter).await?;
    readable_by_tenant(manager, "usage_ledger").await?;
    appended_by_quota_engine(manager, "usage_ledger").await
}

/// The primary key is what makes a threshold fire once per period.
async fn alert(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut key = ACCOUNT.to_vec();
    key.push("threshold_percent");
    manager
        .create_table(
            named("quota_alert", &key)
                .col(text("meter"))
                .col(flag("live"))
                .col(text("period"))
                .col(at("period_start"))
                .col(int("threshold_percent"))
                .col(int("limit_value"))
                .col(int("used"))
                .col(at("reached_at"))
                .col(at_null("told_at"))
                .foreign_key(&mut to_tenant("quota_alert"))
                .take(),
        )
        .await?;
    readable_by_tenant(manager, "quota_alert").await?;
    kept_by_quota_engine(manager, "quota_alert").await?;
    readable_by_worker(manager, "quota_alert").await
}
