//! Ingestion: events in batches over one connection, against the same rows in plain SQL.
//!
//! The plain rows go into a table with the columns and indexes of the ledger, in the same database, as many in one
//! statement as there are events in a batch, over one connection.

use std::time::{Duration, Instant};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{Client, request};
use crate::installation::{Callers, Installation};
use crate::ledger;
use crate::process::Server;
use crate::suite::median;
use crate::{Outcome, Plan};

/// Events of one batch, and rows of one statement.
pub const BATCH: usize = 500;
/// The least share of the plain rate that is aimed at.
pub const TARGET: f64 = 0.5;

/// What one database ingests.
#[derive(Serialize)]
pub struct Ingestion {
    pub database: &'static str,
    pub events_per_s: f64,
    pub rows_per_s: f64,
    /// Of events to rows; the median of the rounds.
    pub ratio: f64,
    /// How many events were ingested for the figures of memory.
    pub events: u64,
    pub resident_before: u64,
    pub resident_after: u64,
}

/// Measures one installation, on the database that it has.
pub async fn measure(plan: &Plan, database: &'static str, installation: &Installation) -> Outcome<Ingestion> {
    let server = installation.start(plan).await?;
    let callers = Callers::of(server.address(), "bench-ingest").await?;
    let by_hand = plain(&installation.url()).await?;
    let mut source = Source::new(&server, callers).await?;
    source.ingest_for(plan.turn / 2).await?;
    let resident_before = server.resident();
    let (mut events, mut rows, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    for _ in 0..plan.rounds {
        let ingested = source.ingest_for(plan.turn).await?;
        let inserted = insert_for(&by_hand, &mut number, plan.turn).await?;
        events.push(ingested);
        rows.push(inserted);
        ratios.push(ingested / inserted);
    }
    by_hand.close().await?;
    while source.sent < plan.events {
        source.send().await?;
    }
    let resident_after = server.resident();
    let sent = source.sent;
    server.stop().await?;
    Ok(Ingestion {
        database,
        events_per_s: median(&mut events),
        rows_per_s: median(&mut rows),
        ratio: median(&mut ratios),
        events: sent,
        resident_before,
        resident_after,
    })
}

/// Events, each of them new.
struct Source {
    client: Client,
    callers: Callers,
    sent: u64,
}

impl Source {
    async fn new(server: &Server, callers: Callers) -> Outcome<Self> {
        Ok(Self {
            client: server.client().await?,
            callers,
            sent: 0,
        })
    }

    /// Events per second.
    async fn ingest_for(&mut self, turn: Duration) -> Outcome<f64> {
        let (began, before) = (Instant::now(), self.sent);
        while began.elapsed() < turn {
            self.send().await?;
        }
        Ok(rate(self.sent - before, began))
    }

    async fn send(&mut self) -> Outcome<()> {
        let events: Vec<Value> = (0..BATCH as u64)
            .map(|place| {
                json!({
                    "specversion": "1.0", "id": format!("event-{}", self.sent + place), "source": "/bench",
                    "type": "events", "data": {},
                })
            })
            .collect();
        let path = "/api/v1/tenants/current/usage/events";
        let body = json!({ "events": events });
        let reply = self
            .client
            .reply_to(&request("POST", path, &self.callers.bearing_key(), Some(&body)))
            .await?;
        let verdicts: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.status != 200 || verdicts.get("counted").is_none_or(|counted| *counted != BATCH) {
            let said = String::from_utf8_lossy(&reply.body)
                .chars()
                .take(400)
                .collect::<String>();
            return Err(format!("a batch of events was answered {}: {said}", reply.status).into());
        }
        self.sent += BATCH as u64;
        Ok(())
    }
}

/// The table beside the ledger.
#[expect(clippy::disallowed_methods, reason = "plain SQL is what is measured here")]
async fn plain(url: &str) -> Outcome<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    if connection.get_database_backend() == DbBackend::Postgres {
        let like = "create table plain_ledger (like usage_ledger including all)";
        connection.execute_unprepared(like).await?;
        return Ok(connection);
    }
    connection.execute_unprepared("pragma synchronous = full").await?;
    let sql = "select sql from sqlite_master where tbl_name = 'usage_ledger' and sql is not null order by type desc";
    let made = connection
        .query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
        .await?;
    for row in made {
        let sql: String = row.try_get("", "sql")?;
        connection
            .execute_unprepared(&sql.replace("usage_ledger", "plain_ledger"))
            .await?;
    }
    Ok(connection)
}

/// Rows per second.
#[expect(clippy::disallowed_methods, reason = "plain SQL is what is measured here")]
async fn insert_for(connection: &DatabaseConnection, number: &mut u64, turn: Duration) -> Outcome<f64> {
    let backend = connection.get_database_backend();
    let insert = ledger::insert("plain_ledger", backend, BATCH);
    let (began, before) = (Instant::now(), *number);
    while began.elapsed() < turn {
        let mut values = Vec::new();
        for _ in 0..BATCH {
            *number += 1;
            values.extend(ledger::row(ledger::PLAIN_TENANT, u128::from(*number) << 64));
        }
        connection
            .execute_raw(Statement::from_sql_and_values(backend, &insert, values))
            .await?;
    }
    Ok(rate(*number - before, began))
}

#[expect(clippy::cast_precision_loss, reason = "counts of one turn are far below 2^52")]
fn rate(count: u64, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}
