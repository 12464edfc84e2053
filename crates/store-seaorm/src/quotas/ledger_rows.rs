//! Entries of the ledger, many in one statement: nothing else is written as often.
//!
//! PostgreSQL gets one array for each column, so that the statement has as many parameters as there are columns and is
//! the same for any number of rows. SQLite has no arrays, and gets a list of rows.

use std::fmt::Write as _;

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use tenantry_kernel::{StoreError, TenantId};
use tenantry_quotas::ledger::LedgerEntry;
use uuid::Uuid;

use crate::error::store_error;
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// What a column holds. An array of SeaORM's has no place for a null: each kind that may be null says what stands
/// for it on the way.
#[derive(Clone, Copy)]
enum Kind {
    Id,
    Int,
    Flag,
    Bytes,
    Text,
    /// The nil id is nothing.
    MaybeId,
    /// The smallest number is nothing: no limit and no time is.
    MaybeInt,
    /// Text comes after an equals sign, nothing without one.
    MaybeText,
}

/// All columns but the mark: on PostgreSQL its default tells it.
const COLUMNS: [(&str, Kind); 24] = [
    ("tenant_id", Kind::Id),
    ("id", Kind::Id),
    ("operation", Kind::Text),
    ("line", Kind::Int),
    ("kind", Kind::Text),
    ("digest", Kind::Bytes),
    ("meter", Kind::Text),
    ("live", Kind::Flag),
    ("period", Kind::Text),
    ("period_start", Kind::Int),
    ("amount", Kind::Int),
    ("value", Kind::Int),
    ("member", Kind::MaybeText),
    ("used_after", Kind::Int),
    ("limit_value", Kind::MaybeInt),
    ("resets_at", Kind::MaybeInt),
    ("description", Kind::MaybeText),
    ("subject", Kind::MaybeText),
    ("used_by", Kind::MaybeText),
    ("pool_id", Kind::MaybeId),
    ("actor_kind", Kind::Text),
    ("actor_id", Kind::Text),
    ("event_at", Kind::Int),
    ("recorded_at", Kind::Int),
];

type Row = [Value; COLUMNS.len()];

/// Adds entries, and answers how many were new. On PostgreSQL the batch knows its `mark` already.
#[expect(clippy::disallowed_methods, reason = "the engine's own statements are raw SQL")]
pub(super) async fn insert(
    unit: &SeaOrmUnit,
    entries: &[&(TenantId, LedgerEntry)],
    mark: Option<i64>,
) -> Result<u64, StoreError> {
    let rows = entries.iter().map(|(tenant, entry)| cells(*tenant, entry));
    let statement = if unit.is_postgres() {
        as_arrays(rows)
    } else {
        as_rows(rows, mark)
    };
    let done = unit.txn().execute_raw(statement).await.map_err(store_error)?;
    Ok(done.rows_affected())
}

/// One entry, in the order of the columns.
fn cells(tenant: TenantId, entry: &LedgerEntry) -> Row {
    let account = &entry.account;
    let text = |text: &str| Value::from(text);
    let maybe = |text: &Option<String>| Value::from(text.clone());
    let at = |at| Value::from(Micros::from(at).0);
    [
        tenant.as_uuid().into(),
        entry.id.as_uuid().into(),
        text(entry.operation.as_str()),
        i64::from(entry.line).into(),
        text(entry.kind.as_str()),
        entry.digest.to_vec().into(),
        text(account.meter.as_str()),
        account.live.into(),
        text(account.period.as_str()),
        at(account.period_start),
        entry.amount.into(),
        entry.value.into(),
        maybe(&entry.member),
        entry.used_after.into(),
        entry.limit.into(),
        entry.resets_at.map(|end| Micros::from(end).0).into(),
        maybe(&entry.description),
        maybe(&entry.subject),
        maybe(&entry.user),
        entry.pool.map(TenantId::as_uuid).into(),
        text(&entry.actor_kind),
        text(&entry.actor_id),
        at(entry.at),
        at(entry.recorded_at),
    ]
}

const ONCE: &str = " on conflict (tenant_id, operation, line) do nothing";

fn as_rows(rows: impl ExactSizeIterator<Item = Row>, mark: Option<i64>) -> Statement {
    let names = COLUMNS.map(|(name, _)| name).join(", ");
    let places = ["?"; COLUMNS.len()].join(", ");
    let lists = vec![format!("({places}, ?)"); rows.len()].join(", ");
    let sql = format!("insert into usage_ledger ({names}, mark) values {lists}{ONCE}");
    let values = rows.flat_map(|row| row.into_iter().chain([mark.into()]));
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn as_arrays(rows: impl ExactSizeIterator<Item = Row>) -> Statement {
    let mut arrays = COLUMNS.map(|_| Vec::with_capacity(rows.len()));
    for row in rows {
        for ((array, (_, kind)), cell) in arrays.iter_mut().zip(COLUMNS).zip(row) {
            array.push(kind.sent(cell));
        }
    }
    let (mut names, mut read, mut sent) = (String::new(), String::new(), String::new());
    for (number, (name, kind)) in COLUMNS.into_iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(names, "{comma}{name}");
        let _ = write!(read, "{comma}{}", kind.received(name));
        let _ = write!(sent, "{comma}${}::{}[]", number + 1, kind.type_name());
    }
    let sql = format!("insert into usage_ledger ({names}) select {read} from unnest({sent}) as w ({names}){ONCE}");
    let values = COLUMNS
        .into_iter()
        .zip(arrays)
        .map(|((_, kind), array)| Value::Array(kind.array_type(), Some(Box::new(array))));
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

impl Kind {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Id | Self::MaybeId => "uuid",
            Self::Int | Self::MaybeInt => "bigint",
            Self::Flag => "boolean",
            Self::Bytes => "bytea",
            Self::Text | Self::MaybeText => "text",
        }
    }

    const fn array_type(self) -> ArrayType {
        match self {
            Self::Id | Self::MaybeId => ArrayType::Uuid,
            Self::Int | Self::MaybeInt => ArrayType::BigInt,
            Self::Flag => ArrayType::Bool,
            Self::Bytes => ArrayType::Bytes,
            Self::Text | Self::MaybeText => ArrayType::String,
        }
    }

    /// The cell as it goes into an array.
    fn sent(self, cell: Value) -> Value {
        match (self, cell) {
            (Self::MaybeId, Value::Uuid(None)) => Uuid::nil().into(),
            (Self::MaybeInt, Value::BigInt(None)) => i64::MIN.into(),
            (Self::MaybeText, Value::String(text)) => text.map_or_else(String::new, |text| format!("={text}")).into(),
            (_, cell) => cell,
        }
    }

    /// The column of the array as it goes into the table.
    fn received(self, name: &str) -> String {
        match self {
            Self::MaybeId => format!("nullif(w.{name}, '{}'::uuid)", Uuid::nil()),
            Self::MaybeInt => format!("nullif(w.{name}, '{}'::bigint)", i64::MIN),
            Self::MaybeText => format!("case when w.{name} = '' then null else substr(w.{name}, 2) end"),
            Self::Id | Self::Int | Self::Flag | Self::Bytes | Self::Text => format!("w.{name}"),
        }
    }
}
