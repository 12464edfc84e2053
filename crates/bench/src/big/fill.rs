//! Bulk SQL: rows that are copies of those the program wrote itself, with other names.
//!
//! The measured tenant gets a hundredth of the ledger, the rest is spread over tenants that are copies of it. What is
//! copied has every column that the program fills in, whatever the schema says next.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::Size;
use crate::Outcome;

/// Rows of one statement: SQLite keeps what a statement makes in one transaction.
const CHUNK: u64 = 500_000;

/// The database, and how it spells things.
struct Filler {
    connection: DatabaseConnection,
    postgres: bool,
}

/// Fills an installation in which one tenant has used something.
pub async fn fill(url: &str, size: Size) -> Outcome<()> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    let filler = Filler {
        postgres: connection.get_database_backend() == DbBackend::Postgres,
        connection,
    };
    filler.prepare().await?;
    filler.tenants(size).await?;
    filler.ledger(size).await?;
    filler.finish().await?;
    filler.connection.close().await?;
    Ok(())
}

impl Filler {
    async fn prepare(&self) -> Outcome<()> {
        if self.postgres {
            return self.run("set synchronous_commit = off").await;
        }
        // Durable or not is not what is measured, while it is filled.
        self.run("pragma synchronous = off").await?;
        self.run("pragma cache_size = -400000").await?;
        self.run("pragma temp_store = memory").await
    }

    /// Tenants as the first one is, with as many entries on their accounts as their ledgers get.
    async fn tenants(&self, size: Size) -> Outcome<()> {
        let (slug, id) = (text("'fill-' || n"), self.uuid("n"));
        let numbers = self.numbers(1, size.tenants);
        for (table, changed) in [
            ("tenant", vec![("id", id.clone()), ("slug", slug)]),
            ("tenant_plan", vec![("tenant_id", id.clone())]),
            ("entitlement", vec![("tenant_id", id.clone())]),
            (
                "quota_account",
                vec![("tenant_id", id.clone()), ("posted", per_tenant(size).to_string())],
            ),
            (
                "usage_rollup",
                vec![("tenant_id", id.clone()), ("amount", per_tenant(size).to_string())],
            ),
        ] {
            self.copy(table, &changed, &numbers, None).await?;
        }
        // The measured one's account is what its ledger adds up to, too.
        let own = own_rows(size);
        self.run(&format!(
            "update quota_account set posted = posted + {own} where tenant_id = (select tenant_id from usage_ledger \
             order by recorded_at, id limit 1) and meter = 'events'"
        ))
        .await
    }

    /// Entries as the first one is, a second apart.
    async fn ledger(&self, size: Size) -> Outcome<()> {
        let per = per_tenant(size);
        let owner = format!("1 + (n - 1) / {per}");
        let changed = |tenant: Option<String>, from: u64| {
            let mut changed = vec![
                ("id", self.uuid(&format!("n + {from}"))),
                ("operation", text(&format!("'fill-' || (n + {from})"))),
                ("used_after", "n".to_owned()),
                ("event_at", "event_at - (n % 86400) * 1000000".to_owned()),
            ];
            changed.extend(tenant.map(|tenant| ("tenant_id", tenant)));
            changed
        };
        let own = own_rows(size);
        self.in_chunks(&changed(None, 1 << 40), own).await?;
        let others = size.rows.saturating_sub(own);
        self.in_chunks(&changed(Some(self.uuid(&owner)), 0), others.min(per * size.tenants))
            .await
    }

    async fn in_chunks(&self, changed: &[(&str, String)], rows: u64) -> Outcome<()> {
        let mut done = 0;
        while done < rows {
            let until = (done + CHUNK).min(rows);
            self.copy(
                "usage_ledger",
                changed,
                &self.numbers(done + 1, until),
                Some("recorded_at, id"),
            )
            .await?;
            done = until;
        }
        Ok(())
    }

    /// Adds a copy of the first tenant's rows for each number, with some columns changed.
    async fn copy(
        &self,
        table: &str,
        changed: &[(&str, String)],
        numbers: &str,
        first_by: Option<&str>,
    ) -> Outcome<()> {
        let columns = self.columns(table).await?;
        let cells: Vec<String> = columns
            .iter()
            .map(|column| {
                let change = changed.iter().find(|(name, _)| name == column);
                change.map_or_else(|| format!("t.{column}"), |(_, expression)| expression.clone())
            })
            .collect();
        let owner = if table == "tenant" { "id" } else { "tenant_id" };
        let first = "(select tenant_id from usage_ledger order by recorded_at, id limit 1)";
        let one = first_by.map_or_else(String::new, |order| format!(" order by {order} limit 1"));
        self.run(&format!(
            "insert into {table} ({}) select {} from (select * from {table} where {owner} = {first}{one}) t cross join \
             {numbers} s",
            columns.join(", "),
            cells.join(", ")
        ))
        .await
    }

    #[expect(clippy::disallowed_methods, reason = "reads the schema, not rows")]
    async fn columns(&self, table: &str) -> Outcome<Vec<String>> {
        let sql = if self.postgres {
            format!(
                "select column_name as c from information_schema.columns where table_schema = current_schema() \
                 and table_name = '{table}' and is_generated = 'NEVER' order by ordinal_position"
            )
        } else {
            format!("select name as c from pragma_table_info('{table}') order by cid")
        };
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let rows = self.connection.query_all_raw(statement).await?;
        let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("", "c")).collect();
        Ok(names?)
    }

    /// The statistics of the planner, and everything on the disk.
    async fn finish(&self) -> Outcome<()> {
        if self.postgres {
            self.run("vacuum analyze").await?;
            return self.run("checkpoint").await;
        }
        self.run("pragma optimize = 0x10002").await?;
        self.run("pragma wal_checkpoint(truncate)").await
    }

    #[expect(clippy::disallowed_methods, reason = "bulk SQL, past the program")]
    async fn run(&self, sql: &str) -> Outcome<()> {
        let done = self.connection.execute_unprepared(sql).await;
        done.map_err(|cause| format!("{sql}: {cause}"))?;
        Ok(())
    }

    /// Numbers `n` from one to another, as a table.
    fn numbers(&self, from: u64, to: u64) -> String {
        if self.postgres {
            format!("(select n from generate_series({from}::bigint, {to}::bigint) g(n))")
        } else {
            format!(
                "(with recursive g(n) as (select {from} union all select n + 1 from g where n < {to}) select n from g)"
            )
        }
    }

    /// An id of a number; ids of other numbers are elsewhere in the table, as they are in life.
    fn uuid(&self, number: &str) -> String {
        if self.postgres {
            format!("lpad(to_hex({number}), 32, '0')::uuid")
        } else {
            format!("unhex(printf('%032x', {number}))")
        }
    }
}

fn text(expression: &str) -> String {
    format!("cast({expression} as text)")
}

/// Entries of each of the other tenants.
fn per_tenant(size: Size) -> u64 {
    (size.rows - own_rows(size)).div_ceil(size.tenants.max(1)).max(1)
}

/// Entries of the tenant that is measured.
fn own_rows(size: Size) -> u64 {
    size.rows / 100
}
