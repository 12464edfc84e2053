//! Entitlements, usage accounts, the ledger, reservations, rolled-up usage, closed periods.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{
    appended_by_quota_engine, appended_by_tenant, at, at_null, bytes, changed_by_tenant, countable_by_worker,
    expect_rows, flag, grant, id, id_null, index, int, int_null, kept_by_quota_engine, only_for_roles,
    readable_by_quota_engine, readable_by_tenant, readable_by_worker, set_default, tenant_owned, tenant_table, text,
    text_null, to_tenant, unique,
};
use crate::roles::QUOTA;

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
        member(manager).await?;
        mark(manager).await?;
        ledger(manager).await?;
        rollup(manager).await?;
        closing(manager).await?;
        reservation(manager).await?;
        hold(manager).await?;
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

/// On SQLite the rows of a table that is written all the time are kept in its primary key: one B-tree less.
fn clustered(manager: &SchemaManager<'_>, table: &mut TableCreateStatement) -> TableCreateStatement {
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table.take()
}

/// Which edition of which plan a tenant has, and from when its months count. `revision` goes up with every change of
/// what the tenant is entitled to.
async fn plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("tenant_plan", &[])
                .col(text("plan_code"))
                .col(text("plan_version"))
                .col(int("revision"))
                .col(text("plan_values"))
                .col(text("timezone"))
                .col(at("anchor"))
                .col(id_null("pool_id"))
                .foreign_key(&mut to_tenant("tenant_plan"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "tenant_plan").await?;
    readable_by_worker(manager, "tenant_plan").await?;
    readable_by_quota_engine(manager, "tenant_plan", "tenant_id, revision").await
}

async fn entitlement(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            named("entitlement", &["meter", "period", "share"])
                .col(text("meter"))
                .col(text("period"))
                .col(text("share"))
                .col(int_null("limit_value"))
                .col(text("enforcement"))
                .col(flag("overage"))
                .col(int_null("rollover"))
                .col(int("grace_percent"))
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
            named("quota_override", &["meter", "subject"])
                .col(text("meter"))
                .col(text("subject"))
                .col(int_null("limit_value"))
                .col(text("reason"))
                .col(at("overridden_at"))
                .col(at_null("expires_at"))
                .foreign_key(&mut to_tenant("quota_override"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "quota_override").await?;
    readable_by_quota_engine(manager, "quota_override", "tenant_id, meter, subject, expires_at").await
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

const ACCOUNT: [&str; 5] = ["meter", "live", "subject", "period", "period_start"];

/// A table whose rows are about accounts: their names, and what more tells rows apart.
fn of_account(table: &'static str, more: &[&'static str]) -> TableCreateStatement {
    let mut key = ACCOUNT.to_vec();
    key.extend(more);
    named(table, &key)
        .col(text("meter"))
        .col(flag("live"))
        .col(text("subject"))
        .col(text("period"))
        .col(at("period_start"))
        .take()
}

/// The last wall: no account holds less than nothing, or more than the limit it was counted under.
///
/// `revision` is that of the entitlements under which it was last reckoned; what happened after `settled_until` was
/// counted under it. No foreign key to the tenant: the engine writes for all tenants, and the key would be checked,
/// and the tenant's row locked, for every batch.
async fn account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let taken = Expr::col("posted").add(Expr::col("pending"));
    let within_limit = Expr::col("within_limit")
        .is_null()
        .or(taken.lte(Expr::col("within_limit")));
    let mut table = of_account("quota_account", &[])
        .col(int("posted"))
        .col(int("pending"))
        .col(int("granted"))
        .col(int_null("within_limit"))
        .col(int("revision"))
        .col(text("aggregation"))
        .col(at_null("resets_at"))
        .col(at("settled_until"))
        .check(Expr::col("posted").gte(0))
        .check(Expr::col("pending").gte(0))
        .check(within_limit)
        .take();
    manager.create_table(clustered(manager, &mut table)).await?;
    readable_by_tenant(manager, "quota_account").await?;
    kept_by_quota_engine(manager, "quota_account").await
}

/// Whom an account counted, where it counts different ones.
async fn member(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = of_account("usage_member", &["member"]).col(text("member")).take();
    manager.create_table(clustered(manager, &mut table)).await?;
    readable_by_tenant(manager, "usage_member").await?;
    kept_by_quota_engine(manager, "usage_member").await
}

/// The mark under which entries are counted now: one row.
async fn mark(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("usage_mark")
        .col(int("id").primary_key().take())
        .col(int("n"))
        .check(Expr::col("id").eq(1))
        .take();
    manager.create_table(table).await?;
    let first = Query::insert()
        .into_table("usage_mark")
        .columns(["id", "n"])
        .values_panic([1.into(), 1.into()])
        .take();
    manager.exec_stmt(first).await?;
    grant(manager, "usage_mark", "select, update", QUOTA).await
}

/// No foreign key to the tenant, as for accounts. Every operation pays for every index: its name must be unique, what
/// happened in a period is added up when an account is opened, and of a pool also what others counted in it.
async fn ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = tenant_table("usage_ledger")
        .col(text("operation"))
        .col(int("line"))
        .col(text("kind"))
        .col(bytes("digest"))
        .col(text("meter"))
        .col(flag("live"))
        .col(text("period"))
        .col(at("period_start"))
        .col(int("amount"))
        .col(int("value"))
        .col(text_null("member"))
        .col(int("used_after"))
        .col(int_null("limit_value"))
        .col(at_null("resets_at"))
        .col(text_null("description"))
        .col(text_null("subject"))
        .col(text_null("used_by"))
        .col(id_null("pool_id"))
        .col(text("actor_kind"))
        .col(text("actor_id"))
        .col(at("event_at"))
        .col(at("recorded_at"))
        .col(int("mark"))
        .take();
    manager.create_table(clustered(manager, &mut table)).await?;
    // On PostgreSQL a batch tells its mark when it begins, in the same round trip.
    set_default(
        manager,
        "usage_ledger",
        "mark",
        "current_setting('app.usage_mark')::bigint",
    )
    .await?;
    let once = unique(
        "usage_ledger_operation_key",
        "usage_ledger",
        &["tenant_id", "operation", "line"],
    );
    manager.create_index(once).await?;
    let by_meter = index(
        "usage_ledger_meter_idx",
        "usage_ledger",
        &["tenant_id", "meter", "live", "event_at"],
    );
    manager.create_index(by_meter).await?;
    let pooled = index(
        "usage_ledger_pool_idx",
        "usage_ledger",
        &["pool_id", "meter", "live", "event_at"],
    )
    .and_where(Expr::col("pool_id").is_not_null())
    .take();
    manager.create_index(pooled).await?;
    expect_rows(
        manager,
        "usage_ledger",
        &[
            ("usage_ledger", "1000000 10000 1"),
            ("usage_ledger_operation_key", "1000000 10000 1 1"),
            ("usage_ledger_meter_idx", "1000000 10000 5000 5000 2"),
            ("usage_ledger_pool_idx", "100000 10000 5000 5000 2"),
        ],
    )
    .await?;
    readable_by_tenant(manager, "usage_ledger").await?;
    appended_by_quota_engine(manager, "usage_ledger").await
}

async fn rollup(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = named("usage_rollup", &["meter", "live", "bucket", "used_by", "key_id"])
        .col(text("meter"))
        .col(flag("live"))
        .col(at("bucket"))
        .col(text("used_by"))
        .col(text("key_id"))
        .col(int("amount"))
        .col(int("operations"))
        .take();
    manager.create_table(clustered(manager, &mut table)).await?;
    // Operators ask who uses most of a meter. What is added to a line later changes nothing in it.
    let by_meter = index("usage_rollup_meter_idx", "usage_rollup", &["meter", "live", "bucket"]);
    manager.create_index(by_meter).await?;
    readable_by_tenant(manager, "usage_rollup").await?;
    kept_by_quota_engine(manager, "usage_rollup").await?;
    countable_by_worker(
        manager,
        "usage_rollup",
        "tenant_id, meter, live, bucket, amount, operations",
    )
    .await
}

/// `begin_at` and `end_at` bound what was closed: of one meter no two overlap, and what lies between is nobody's.
async fn closing(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = named("usage_closing", &["meter", "end_at"])
        .col(text("meter"))
        .col(at("end_at"))
        .col(at("begin_at"))
        .col(int("mark"))
        .col(int("used"))
        .col(int("adjustment"))
        .col(int("carried"))
        .col(at("closed_at"))
        .foreign_key(&mut to_tenant("usage_closing"))
        .take();
    manager.create_table(table).await?;
    appended_by_tenant(manager, "usage_closing").await
}

async fn reservation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = tenant_table("quota_reservation")
        .col(text("operation"))
        .col(bytes("digest"))
        .col(flag("live"))
        .col(text("items"))
        .col(text("status"))
        .col(at("created_at"))
        .col(at("expires_at"))
        .col(at_null("ended_at"))
        .take();
    manager.create_table(table).await?;
    let once = unique(
        "quota_reservation_operation_key",
        "quota_reservation",
        &["tenant_id", "operation"],
    );
    manager.create_index(once).await?;
    let due = index("quota_reservation_due_idx", "quota_reservation", &["expires_at"])
        .and_where(Expr::col("status").eq("held"))
        .take();
    manager.create_index(due).await?;
    readable_by_tenant(manager, "quota_reservation").await?;
    kept_by_quota_engine(manager, "quota_reservation").await?;
    countable_by_worker(manager, "quota_reservation", "tenant_id, id, status, expires_at").await
}

/// `tenant_id` is whose account it is; `reserved_by` is whose reservation, another tenant's in a pool.
async fn hold(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // The time comes first of what tells holds apart: those whose time is up stand together.
    let mut table = of_account("quota_hold", &["expires_at", "reserved_by", "reservation_id", "item"])
        .col(at("expires_at"))
        .col(id("reserved_by"))
        .col(id("reservation_id"))
        .col(int("item"))
        .col(int("amount"))
        .take();
    manager.create_table(clustered(manager, &mut table)).await?;
    let by_reservation = index(
        "quota_hold_reservation_idx",
        "quota_hold",
        &["reserved_by", "reservation_id"],
    );
    manager.create_index(by_reservation).await?;
    only_for_roles(manager, "quota_hold").await?;
    kept_by_quota_engine(manager, "quota_hold").await
}

/// The primary key is what makes a threshold fire once per period.
async fn alert(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = of_account("quota_alert", &["threshold_percent"])
        .col(int("threshold_percent"))
        .col(int("limit_value"))
        .col(int("used"))
        .col(at("reached_at"))
        .col(at_null("told_at"))
        .take();
    manager.create_table(table).await?;
    let untold = index("quota_alert_untold_idx", "quota_alert", &["tenant_id", "reached_at"])
        .and_where(Expr::col("told_at").is_null())
        .take();
    manager.create_index(untold).await?;
    readable_by_tenant(manager, "quota_alert").await?;
    changed_by_tenant(manager, "quota_alert", "told_at").await?;
    kept_by_quota_engine(manager, "quota_alert").await?;
    readable_by_worker(manager, "quota_alert").await
}
