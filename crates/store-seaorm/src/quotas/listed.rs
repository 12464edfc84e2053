//! Statements about many rows at once, which they are told as one parameter: a list in JSON.
//!
//! However long the list is, it is the same statement: one to prepare, and one round trip. The engine's statements
//! reach rows of many tenants, so they begin here and not in the fence; on PostgreSQL row security lets only the role
//! of the engine run them.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic, Iterable, ModelTrait, Statement};
use serde_json::Value as Json;
use tenantry_kernel::StoreError;
use uuid::Uuid;

use crate::error::store_error;
use crate::unit::SeaOrmUnit;

/// What a column of a list holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Id,
    Text,
    Int,
    Flag,
}

/// The columns of a list, in order.
pub(super) type Columns = [(&'static str, Kind)];

/// Rows that a statement is about.
pub(super) struct Listed {
    columns: Vec<(&'static str, Kind)>,
    rows: Vec<Json>,
}

impl Listed {
    pub(super) fn new(columns: &[&Columns], rows: impl Iterator<Item = Vec<Json>>) -> Self {
        Self {
            columns: columns.concat(),
            rows: rows.map(Json::Array).collect(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows that `body` asks for. In it the list is a table of the name `alias`.
    #[expect(clippy::disallowed_methods, reason = "the engine's own statements are raw SQL")]
    pub(super) async fn select<M>(&self, unit: &SeaOrmUnit, alias: &str, body: &str) -> Result<Vec<M>, StoreError>
    where
        M: FromQueryResult,
    {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let rows = unit.txn().query_all_raw(self.statement(unit, alias, body)).await;
        let rows = rows.map_err(store_error)?;
        rows.iter()
            .map(|row| M::from_query_result(row, "").map_err(store_error))
            .collect()
    }

    /// The rows of an entity that `body`, which goes on after `select …`, asks for under the name `q`.
    ///
    /// Columns are named: a statement that asked for all of them would fail when the next version adds one under a node
    /// that serves on.
    pub(super) async fn rows<M>(&self, unit: &SeaOrmUnit, alias: &str, body: &str) -> Result<Vec<M>, StoreError>
    where
        M: ModelTrait + FromQueryResult,
    {
        let mut select = String::from("select ");
        for (number, column) in <M::Entity as EntityTrait>::Column::iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(select, "{comma}q.{}", column.as_str());
        }
        self.select(unit, alias, &format!("{select} {body}")).await
    }

    /// Runs `body`, in which the list is a table of the name `alias`, and answers how many rows it changed.
    #[expect(clippy::disallowed_methods, reason = "the engine's own statements are raw SQL")]
    pub(super) async fn execute(&self, unit: &SeaOrmUnit, alias: &str, body: &str) -> Result<u64, StoreError> {
        if self.is_empty() {
            return Ok(0);
        }
        let done = unit.txn().execute_raw(self.statement(unit, alias, body)).await;
        Ok(done.map_err(store_error)?.rows_affected())
    }

    fn statement(&self, unit: &SeaOrmUnit, alias: &str, body: &str) -> Statement {
        let backend = if unit.is_postgres() {
            DbBackend::Postgres
        } else {
            DbBackend::Sqlite
        };
        let sql = format!("{} {body}", self.table(backend, alias));
        let list = Json::Array(self.rows.clone()).to_string();
        Statement::from_sql_and_values(backend, sql, [list.into()])
    }

    fn table(&self, backend: DbBackend, alias: &str) -> String {
        let mut sql = format!("with {alias} as (select ");
        for (number, (name, kind)) in self.columns.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            let cell = match (backend, kind) {
                (DbBackend::Postgres, Kind::Id) => format!("(value->>{number})::uuid"),
                (DbBackend::Postgres, Kind::Int) => format!("(value->>{number})::bigint"),
                (DbBackend::Postgres, Kind::Flag) => format!("(value->>{number})::boolean"),
                (_, Kind::Id) => format!("unhex(value->>{number})"),
                (_, Kind::Text | Kind::Int | Kind::Flag) => format!("value->>{number}"),
            };
            // Writing to a string cannot fail.
            let _ = write!(sql, "{comma}{cell} as {name}");
        }
        sql.push_str(if backend == DbBackend::Postgres {
            " from jsonb_array_elements($1::jsonb))"
        } else {
            " from json_each(?1))"
        });
        sql
    }
}

/// An id as a cell of a list.
pub(super) fn id(id: Uuid) -> Json {
    Json::String(id.simple().to_string())
}

/// Yes or no as a cell of a list.
pub(super) fn flag(yes: bool) -> Json {
    Json::from(i64::from(yes))
}
