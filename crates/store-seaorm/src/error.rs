//! Database errors, read once: which rule refused, whether trying again helps, whether anybody is there.

use std::fmt::Display;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr};
use tenantry_kernel::StoreError;

use crate::{activity, billing, identity, lifecycle, tenancy};

/// A row named another row that does not exist in its tenant. SQLite does not tell which.
pub const UNKNOWN_REFERENCE: &str = "unknown_reference";

/// A unique index, and the rule of a port that it stands for.
pub(crate) struct Rule {
    /// As PostgreSQL reports it.
    pub index: &'static str,
    /// As SQLite reports it: `table.column, table.column`.
    pub columns: &'static str,
    /// As the port names it.
    pub name: &'static str,
}

/// Every domain keeps the rules of its own tables.
const RULES: &[&[Rule]] = &[
    tenancy::RULES,
    identity::RULES,
    billing::RULES,
    activity::RULES,
    lifecycle::RULES,
];

/// What a database error means to a caller of a port.
#[must_use]
pub fn store_error(cause: DbErr) -> StoreError {
    let driver = match &cause {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return StoreError::Unavailable(Box::new(cause)),
        DbErr::Exec(RuntimeErr::SqlxError(driver)) | DbErr::Query(RuntimeErr::SqlxError(driver)) => driver.as_ref(),
        _ => return StoreError::Backend(Box::new(cause)),
    };
    match driver {
        SqlxError::Database(told) => match read(told.as_ref()) {
            Meaning::Rule(rule) => StoreError::Conflict(rule),
            Meaning::LostRace => StoreError::Contended,
            Meaning::Away => StoreError::Unavailable(Box::new(cause)),
            Meaning::Other => StoreError::Backend(Box::new(cause)),
        },
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => StoreError::Unavailable(Box::new(cause)),
        _ => StoreError::Backend(Box::new(cause)),
    }
}

enum Meaning {
    Rule(&'static str),
    LostRace,
    Away,
    Other,
}

fn read(told: &dyn DatabaseError) -> Meaning {
    match told.kind() {
        ErrorKind::UniqueViolation => return rule(told).map_or(Meaning::Other, Meaning::Rule),
        ErrorKind::ForeignKeyViolation => return Meaning::Rule(UNKNOWN_REFERENCE),
        _ => {}
    }
    let code = told.code().unwrap_or_default();
    // SQLSTATEs have five characters, SQLite's codes are numbers with a detail above the low byte.
    match code.parse::<u32>() {
        Ok(sqlite) if code.len() < 5 => read_sqlite(sqlite & 0xff),
        _ => read_sqlstate(&code),
    }
}

fn rule(told: &dyn DatabaseError) -> Option<&'static str> {
    let index = told.constraint();
    let columns = told.message().strip_prefix("UNIQUE constraint failed: ");
    RULES
        .iter()
        .flat_map(|rules| rules.iter())
        .find(|known| index == Some(known.index) || columns == Some(known.columns))
        .map(|known| known.name)
}

/// SQLite's primary result codes.
const fn read_sqlite(code: u32) -> Meaning {
    match code {
        // BUSY, LOCKED
        5 | 6 => Meaning::LostRace,
        // IOERR, FULL, CANTOPEN
        10 | 13 | 14 => Meaning::Away,
        _ => Meaning::Other,
    }
}

fn read_sqlstate(code: &str) -> Meaning {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Meaning::LostRace,
        // admin_shutdown, crash_shutdown, cannot_connect_now, disk_full, too_many_connections, statement time-out
        "57P01" | "57P02" | "57P03" | "53100" | "53300" | "57014" => Meaning::Away,
        _ if code.starts_with("08") => Meaning::Away,
        _ => Meaning::Other,
    }
}

/// For `restore`: a stored part broke a rule of its model.
pub(crate) fn corrupt<E: Display>(table: &'static str, id: impl Display) -> impl FnOnce(E) -> StoreError {
    move |cause| StoreError::Corrupt {
        table,
        detail: format!("{id}: {cause}"),
    }
}

/// For updates that carry a version: no row affected means that the row changed since it was read.
pub(crate) const fn fresh(rows_affected: u64) -> Result<(), StoreError> {
    if rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}
