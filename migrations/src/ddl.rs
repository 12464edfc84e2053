//! The words that every migration is written with: columns, tenant tables, row security.
//!
//! Everything about row security does nothing on SQLite, which has no roles.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::roles::{APP, QUOTA, WORKER};

/// The tenant that this transaction is pinned to. `''` is what remains after an earlier pin, so it is no tenant either.
const PINNED_TENANT: &str = "nullif(current_setting('app.tenant_id', true), '')::uuid";
/// The person that this transaction is pinned to.
const PINNED_USER: &str = "nullif(current_setting('app.user_id', true), '')::uuid";
/// Audit rows and receipts of no tenant belong to the nil tenant.
const PLATFORM: &str = "'00000000-0000-0000-0000-000000000000'::uuid";

/// A UUID that must be there.
#[must_use]
pub fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A UUID that may be absent.
#[must_use]
pub fn id_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().take()
}

/// Text that must be there. Lengths are the domain's business.
#[must_use]
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// Text that may be absent.
#[must_use]
pub fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// A whole number: counts, money in minor units, versions.
#[must_use]
pub fn int(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A whole number that may be absent.
#[must_use]
pub fn int_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A moment: microseconds since 1970, which sort alike on both databases.
#[must_use]
pub fn at(name: &'static str) -> ColumnDef {
    int(name)
}

/// A moment that may not have come.
#[must_use]
pub fn at_null(name: &'static str) -> ColumnDef {
    int_null(name)
}

/// Yes or no.
#[must_use]
pub fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// A list or map.
#[must_use]
pub fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().take()
}

/// A list or map that may be absent.
#[must_use]
pub fn json_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().null().take()
}

/// Bytes: digests, sealed values.
#[must_use]
pub fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

/// Bytes that may be absent.
#[must_use]
pub fn bytes_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().null().take()
}

/// A table of one tenant's rows: `tenant_id` and `id`, which are its primary key.
#[must_use]
pub fn tenant_table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(id("tenant_id"))
        .col(id("id"))
        .primary_key(Index::create().col("tenant_id").col("id"))
        .take()
}

/// A platform table of one person's rows: `user_id` and `id`, which are its primary key.
#[must_use]
pub fn person_table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(id("user_id"))
        .col(id("id"))
        .primary_key(Index::create().col("user_id").col("id"))
        .take()
}

/// `user_id` names a person that exists.
#[must_use]
pub fn to_person(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_user_fk"))
        .from(table, "user_id")
        .to("app_user", "id")
        .take()
}

/// `column` names a row of `parent` that belongs to the *same* person.
#[must_use]
pub fn within_person(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fk"))
        .from_tbl(table)
        .from_col("user_id")
        .from_col(column)
        .to_tbl(parent)
        .to_col("user_id")
        .to_col("id")
        .take()
}

/// `tenant_id` names a tenant that exists.
#[must_use]
pub fn to_tenant(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_tenant_fk"))
        .from(table, "tenant_id")
        .to("tenant", "id")
        .take()
}

/// `column` names a row of `parent` that belongs to the *same* tenant.
#[must_use]
pub fn within_tenant(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fk"))
        .from_tbl(table)
        .from_col("tenant_id")
        .from_col(column)
        .to_tbl(parent)
        .to_col("tenant_id")
        .to_col("id")
        .take()
}

/// An index over these columns.
#[must_use]
pub fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// A unique index over these columns. Its name, and `table.column, table.column` for SQLite, go
/// into the store's registry of rules.
#[must_use]
pub fn unique(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

/// Makes a table with rows of one tenant each unreachable for every other tenant.
pub async fn tenant_owned(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    tenant_owned_by(manager, table, "tenant_id").await
}

/// As [`tenant_owned`], for what is settled once: rows are added and read, never changed or removed.
pub async fn appended_by_tenant(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await?;
    policy(
        manager,
        table,
        "own_tenant",
        &format!("using (tenant_id = {PINNED_TENANT})"),
    )
    .await?;
    grant(manager, table, "select, insert", APP).await
}

/// Makes a table reachable for those roles only that are let in by name.
pub async fn only_for_roles(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await
}

/// Lets a tenant change these columns of its own rows of a table that it may otherwise only read.
pub async fn changed_by_tenant(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let change = format!("for update to {APP} using (tenant_id = {PINNED_TENANT})");
    policy(manager, table, "own_tenant_changes", &change).await?;
    grant(manager, table, &format!("update ({columns})"), APP).await
}

/// Makes a table with rows of one tenant each readable for that tenant, and writable for none: another role writes it.
pub async fn readable_by_tenant(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await?;
    let read = format!("for select using (tenant_id = {PINNED_TENANT})");
    policy(manager, table, "own_tenant_reads", &read).await?;
    grant(manager, table, "select", APP).await
}

/// As [`tenant_owned`], where another column than `tenant_id` names the tenant.
pub async fn tenant_owned_by(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await?;
    policy(
        manager,
        table,
        "own_tenant",
        &format!("using ({column} = {PINNED_TENANT})"),
    )
    .await?;
    grant(manager, table, "select, insert, update, delete", APP).await
}

/// As [`tenant_owned`], for a log: rows are added and read, never changed or removed. Rows of no
/// tenant carry the nil tenant and may be added by any transaction.
pub async fn tenant_log(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await?;
    policy(
        manager,
        table,
        "own_tenant",
        &format!("using (tenant_id = {PINNED_TENANT})"),
    )
    .await?;
    grant(manager, table, "select, insert", APP).await?;
    takes_platform_rows(manager, table).await
}

/// Rows of no tenant carry the nil tenant and may be added by any transaction, the worker's too.
pub async fn takes_platform_rows(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let insert = format!("for insert with check (tenant_id = {PLATFORM})");
    policy(manager, table, "platform_rows", &insert).await?;
    grant(manager, table, "select, insert", WORKER).await
}

/// Makes a platform table with rows of one person each unreachable for every other person.
pub async fn person_owned(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    force_row_security(manager, table).await?;
    policy(
        manager,
        table,
        "own_person",
        &format!("using ({column} = {PINNED_USER})"),
    )
    .await?;
    grant(manager, table, "select, insert, update, delete", APP).await
}

/// The people that this transaction has named to add rows for; a sub-select, so that the list is read once per statement.
const LISTED_PEOPLE: &str =
    "(select unnest(string_to_array(nullif(current_setting('app.added_people', true), ''), ','))::uuid)";

/// Lets a transaction add (only add) rows of the people that it has named in `app.added_people`.
pub async fn added_by_list(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let add = format!("for insert to {APP} with check ({column} in {LISTED_PEOPLE})");
    policy(manager, table, "listed_people_are_added", &add).await
}

/// Lets the pinned person read (only read) their own rows of a tenant-owned table.
pub async fn readable_by_person(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let own = format!("for select using ({column} = {PINNED_USER})");
    policy(manager, table, "own_person_reads", &own).await
}

/// A platform directory: anyone may look up, only the tenant that a row names may write it.
pub async fn directory(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    tenant_owned(manager, table).await?;
    policy(manager, table, "anyone_reads", "for select using (true)").await?;
    grant(manager, table, "select", WORKER).await
}

/// A platform directory of people: anyone may look up, only the person that a row names may write it.
pub async fn person_directory(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    person_owned(manager, table, column).await?;
    policy(manager, table, "anyone_reads", "for select using (true)").await
}

/// Lets the pinned person take a row of a directory for themself whose holder never proved that it is theirs.
pub async fn unproven_is_taken(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    proven: &str,
) -> Result<(), DbErr> {
    let take = format!("for update using (not {proven}) with check ({column} = {PINNED_USER})");
    policy(manager, table, "unproven_is_taken", &take).await
}

/// What a log says of people: its tenant adds, reads and removes it, and so may the person it speaks of, who may not
/// add any. Rows of no tenant carry the nil tenant and may be added by any transaction. Nobody changes one.
pub async fn kept_apart_by_tenant(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    tenant_log(manager, table).await?;
    readable_by_person(manager, table, column).await?;
    let own = format!("for delete using ({column} = {PINNED_USER})");
    policy(manager, table, "own_person_removes", &own).await?;
    grant(manager, table, "delete", APP).await
}

/// As [`put_right`], where the statement reaches several tables.
#[expect(
    clippy::disallowed_methods,
    reason = "a change across tenants has no place outside migrations; the arguments are constants"
)]
pub async fn without_force(manager: &SchemaManager<'_>, tables: &[&str], sql: &str) -> Result<(), DbErr> {
    for table in tables {
        postgres(manager, &format!("alter table {table} no force row level security")).await?;
    }
    manager.get_connection().execute_unprepared(sql).await?;
    for table in tables {
        postgres(manager, &format!("alter table {table} force row level security")).await?;
    }
    Ok(())
}

/// Lets the worker read rows of every tenant, to find out which tenants to enter one by one.
pub async fn readable_by_worker(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let read = format!("for select to {WORKER} using (true)");
    policy(manager, table, "worker_reads", &read).await?;
    grant(manager, table, "select", WORKER).await
}

/// Lets the worker read these columns of every tenant's rows, to count them; what else a row says stays the tenant's.
pub async fn countable_by_worker(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let read = format!("for select to {WORKER} using (true)");
    policy(manager, table, "worker_counts", &read).await?;
    grant(manager, table, &format!("select ({columns})"), WORKER).await
}

/// Lets the worker remove old rows of every tenant.
pub async fn purged_by_worker(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let delete = format!("for delete to {WORKER} using (true)");
    policy(manager, table, "worker_purges", &delete).await?;
    readable_by_worker(manager, table).await?;
    grant(manager, table, "delete", WORKER).await
}

/// Lets the worker remove old rows of every tenant, reading no more of them than these columns.
pub async fn trimmed_by_worker(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    postgres(manager, &format!("revoke select on {table} from {WORKER}")).await?;
    countable_by_worker(manager, table, columns).await?;
    let delete = format!("for delete to {WORKER} using (true)");
    policy(manager, table, "worker_trims", &delete).await?;
    grant(manager, table, "delete", WORKER).await
}

/// Lets the quota engine, which settles many tenants in one transaction, read and write every row.
pub async fn kept_by_quota_engine(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let all = format!("for all to {QUOTA} using (true)");
    policy(manager, table, "engine_keeps", &all).await?;
    grant(manager, table, "select, insert, update, delete", QUOTA).await
}

/// As [`kept_by_quota_engine`], for a ledger: rows are added and read, never changed or removed.
pub async fn appended_by_quota_engine(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let all = format!("for all to {QUOTA} using (true)");
    policy(manager, table, "engine_appends", &all).await?;
    grant(manager, table, "select, insert", QUOTA).await
}

/// Lets the quota engine read these columns of every tenant's rows; what else a row says stays the tenant's.
pub async fn readable_by_quota_engine(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let read = format!("for select to {QUOTA} using (true)");
    policy(manager, table, "engine_reads", &read).await?;
    grant(manager, table, &format!("select ({columns})"), QUOTA).await
}

/// Grants `privileges` on `table` to `role`. A platform table has no row security: its grants are its fence.
pub async fn grant(manager: &SchemaManager<'_>, table: &str, privileges: &str, role: &str) -> Result<(), DbErr> {
    postgres(manager, &format!("grant {privileges} on {table} to {role}")).await
}

/// Lets every role draw from the sequence behind an auto-incremented column.
pub async fn grant_sequence(manager: &SchemaManager<'_>, sequence: &str) -> Result<(), DbErr> {
    postgres(
        manager,
        &format!("grant usage on sequence {sequence} to {APP}, {WORKER}, {QUOTA}"),
    )
    .await
}

/// Fills `column` with the id of the writing transaction. Numbers from a sequence are handed out before
/// commits land; a reader who asks by transaction and snapshot misses none.
pub async fn stamp_transaction(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    set_default(manager, table, column, "pg_current_xact_id()::text::bigint").await
}

/// Fills `column` by itself, on PostgreSQL.
pub async fn set_default(manager: &SchemaManager<'_>, table: &str, column: &str, value: &str) -> Result<(), DbErr> {
    let sql = format!("alter table {table} alter column {column} set default {value}");
    postgres(manager, &sql).await
}

/// Tells SQLite how many rows a table will have, and how many of them share the first columns of each index. It would
/// guess so few that looking through all rows of a tenant seemed as good as looking one up. `ANALYZE` replaces this.
#[expect(
    clippy::disallowed_methods,
    reason = "statistics have no words in SeaQuery; the arguments are constants"
)]
pub async fn expect_rows(manager: &SchemaManager<'_>, table: &str, indexes: &[(&str, &str)]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let connection = manager.get_connection();
    // Makes the table of statistics; of a table without rows it says nothing.
    connection.execute_unprepared(&format!("analyze {table}")).await?;
    for (index, rows) in indexes {
        let expected = format!("insert into sqlite_stat1 (tbl, idx, stat) values ('{table}', '{index}', '{rows}')");
        connection.execute_unprepared(&expected).await?;
    }
    connection.execute_unprepared("analyze sqlite_schema").await?;
    Ok(())
}

/// Changes rows of every tenant that were there before a migration. Row security binds the owner of a table too, who is
/// not pinned to any tenant here: it is let off for this statement.
pub async fn put_right(manager: &SchemaManager<'_>, table: &str, sql: &str) -> Result<(), DbErr> {
    without_force(manager, &[table], sql).await
}

async fn force_row_security(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    // FORCE, or the owner of the table would pass by the policies.
    let sql = format!("alter table {table} enable row level security; alter table {table} force row level security");
    postgres(manager, &sql).await
}

async fn policy(manager: &SchemaManager<'_>, table: &str, name: &str, terms: &str) -> Result<(), DbErr> {
    postgres(manager, &format!("create policy {name} on {table} {terms}")).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "roles and policies have no words in SeaQuery; the arguments are constants of this crate"
)]
async fn postgres(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        manager.get_connection().execute_unprepared(sql).await?;
    }
    Ok(())
}
