//! Bringing a database up to date, safely with several nodes at once.

use std::collections::BTreeSet;
use std::fmt;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::{Migrator, roles};

/// `tenantry` in ASCII: the advisory lock that nodes queue on.
const LOCK: i64 = 0x7465_6e61_6e74_7279;

/// Which migrations a database has, and which it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Applied, oldest first.
    pub applied: Vec<String>,
    /// Not applied yet, oldest first.
    pub pending: Vec<String>,
}

/// Why a database could not be brought up to date.
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrateError {
    /// A newer version of the program has already changed this database.
    Newer {
        /// The migrations that this program does not know.
        unknown: Vec<String>,
    },
    /// The database refused.
    Database(DbErr),
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { unknown } => write!(
                f,
                "the database was migrated by a newer version of tenantry (it has {}); run that version or a newer one",
                unknown.join(", ")
            ),
            Self::Database(_) => f.write_str("the database could not be migrated"),
        }
    }
}

impl std::error::Error for MigrateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Newer { .. } => None,
            Self::Database(cause) => Some(cause),
        }
    }
}

impl From<DbErr> for MigrateError {
    fn from(cause: DbErr) -> Self {
        Self::Database(cause)
    }
}

/// Tells what is applied and what is pending. Needs no right to change the schema.
///
/// # Errors
/// [`MigrateError::Newer`] when the database has a migration that this program does not know.
pub async fn status<C: ConnectionTrait>(db: &C) -> Result<Status, MigrateError> {
    let known: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    let applied = applied(db).await?;
    let unknown: Vec<String> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    if !unknown.is_empty() {
        return Err(MigrateError::Newer { unknown });
    }
    let (applied, pending) = known.into_iter().partition(|name| applied.contains(name));
    Ok(Status { applied, pending })
}

#[expect(clippy::disallowed_methods, reason = "the table of migrations belongs to no tenant")]
async fn applied<C: ConnectionTrait>(db: &C) -> Result<BTreeSet<String>, DbErr> {
    let table = Migrator::migration_table_name().to_string();
    let there = match db.get_database_backend() {
        DbBackend::Sqlite => Query::select()
            .column("name")
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("table"))
            .and_where(Expr::col("name").eq(&table))
            .take(),
        _ => Query::select()
            .column("tablename")
            .from("pg_tables")
            .and_where(Expr::col("tablename").eq(&table))
            .and_where(Expr::col("schemaname").eq(Expr::cust("current_schema()")))
            .take(),
    };
    if db.query_one(&there).await?.is_none() {
        return Ok(BTreeSet::new());
    }
    let names = Query::select().column("version").from(Alias::new(table)).take();
    let rows = db.query_all(&names).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// Applies what is pending, whole or not at all, and tells what that was.
///
/// Nodes that start together queue; the second finds nothing left to do.
///
/// # Errors
/// [`MigrateError::Newer`] when the database has a migration that this program does not know.
#[expect(clippy::disallowed_methods, reason = "a lock and a grant have no words in SeaQuery")]
pub async fn up(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    if status(db).await?.pending.is_empty() {
        return Ok(Vec::new());
    }
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    if postgres {
        roles::ensure(db).await?;
    }
    let txn = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if postgres {
        txn.execute_unprepared(&format!("select pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    let pending = status(&txn).await?.pending;
    if !pending.is_empty() {
        Migrator::up(&txn, None).await?;
    }
    if postgres && !pending.is_empty() {
        let table = Migrator::migration_table_name().to_string();
        txn.execute_unprepared(&format!("grant select on {table} to public"))
            .await?;
    }
    txn.commit().await?;
    Ok(pending)
}

/// Lets the role `login`, which the server connects as, switch to the roles of transactions.
/// Does nothing on SQLite.
///
/// # Errors
/// [`MigrateError::Database`] when no such role exists or the connection may not grant.
pub async fn grant_login(db: &DatabaseConnection, login: &str) -> Result<(), MigrateError> {
    if db.get_database_backend() == DbBackend::Postgres {
        roles::ensure(db).await?;
        roles::grant_to(db, login).await?;
    }
    Ok(())
}
