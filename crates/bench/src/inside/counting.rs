//! Strict counting: many callers on one counter through the engine, against one transaction for each call.
//!
//! Each has its turn on the same database, with the same tables: the engine as it is, the engine with batches of one,
//! and plain SQL over a pool: begin, change the account where it fits, add to the ledger, commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use serde::{Deserialize, Serialize};
use tenantry_kernel::TenantScope;
use tenantry_kernel::time::macros::datetime;
use tenantry_quota_engine::{EngineOptions, GroupCommitCounter};
use tenantry_quotas::counter::{Act, Item, Order, UsageCounter};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::{Reach, User};
use tenantry_quotas::meter::MeterBook;
use tenantry_test_support::{Engine, TestStore};
use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::fixture;
use crate::ledger;
use crate::suite::median;
use crate::{Outcome, Plan};

/// How many call at once.
const CALLERS: usize = 256;
/// How many connections one transaction for each call may use: more only wait for the hot row.
const CONNECTIONS: u32 = 16;
const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// What one database counts.
#[derive(Serialize, Deserialize)]
pub struct Counting {
    pub database: String,
    pub callers: usize,
    /// Operations per second through the engine.
    pub grouped_per_s: f64,
    /// The same with batches of one.
    pub single_per_s: f64,
    /// One transaction of plain SQL for each.
    pub plain_per_s: f64,
    /// Of the engine to its batches of one; the median of the rounds.
    pub to_single: f64,
    /// Of the engine to plain SQL.
    pub to_plain: f64,
}

/// Measures in a process of its own, on all cores: here nobody else makes load.
pub async fn apart(plan: &Plan) -> Outcome<Vec<Counting>> {
    let mut command = plan.cores.for_all(&std::env::current_exe()?);
    command
        .args(["strict", "--json", "--rounds", &plan.rounds.to_string()])
        .args(["--turn-ms", &plan.turn.as_millis().to_string()])
        .arg("--binary")
        .arg(&plan.binary)
        .stderr(std::process::Stdio::inherit());
    if !plan.postgres {
        command.arg("--no-postgres");
    }
    let done = tokio::task::spawn_blocking(move || command.output()).await??;
    if !done.status.success() {
        return Err(format!("counting apart ended with {}", done.status).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// Measures every database there is.
pub async fn measure(plan: &Plan) -> Outcome<Vec<Counting>> {
    let mut all = Vec::new();
    for (database, engine) in [("SQLite", Engine::SqliteFile), ("PostgreSQL", Engine::Postgres)] {
        if engine == Engine::Postgres && !plan.postgres {
            continue;
        }
        if let Some(store) = TestStore::on(engine).await {
            let counting = on(plan, database, &store).await?;
            all.push(counting);
            store.close().await;
        }
    }
    Ok(all)
}

async fn on(plan: &Plan, database: &'static str, store: &TestStore) -> Outcome<Counting> {
    let start = |batch_len| {
        let meters = Arc::new(MeterBook::new(vec![fixture::meter()?])?);
        let options = EngineOptions {
            batch_len,
            ..EngineOptions::default()
        };
        let (ledger, ids) = (Arc::new(store.store.clone()), store.ids.clone());
        Outcome::Ok(Arc::new(GroupCommitCounter::start(ledger, ids, meters, options)))
    };
    let grouped = start(EngineOptions::default().batch_len)?;
    let single = start(1)?;
    let by_hand = Plain::on(store.database().url()).await?;
    let (mut rates, mut to_single, mut to_plain) = ([Vec::new(), Vec::new(), Vec::new()], Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let turn = if round == 0 { plan.turn / 2 } else { plan.turn };
        let rounds = [
            through(&grouped, 1, turn).await?,
            through(&single, 2, turn).await?,
            by_hand.count(turn).await?,
        ];
        if round == 0 {
            continue; // To warm up.
        }
        let [a, b, c] = rounds;
        to_single.push(a / b);
        to_plain.push(a / c);
        for (rates, rate) in rates.iter_mut().zip(rounds) {
            rates.push(rate);
        }
    }
    grouped.shut_down().await;
    single.shut_down().await;
    by_hand.connection.close().await?;
    let [mut grouped, mut single, mut by_hand] = rates;
    Ok(Counting {
        database: database.to_owned(),
        callers: CALLERS,
        grouped_per_s: median(&mut grouped),
        single_per_s: median(&mut single),
        plain_per_s: median(&mut by_hand),
        to_single: median(&mut to_single),
        to_plain: median(&mut to_plain),
    })
}

/// Numbers operations in the whole run.
static NUMBER: AtomicU64 = AtomicU64::new(1);

fn next() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Operations per second of callers that each wait for their answer.
async fn rate<F>(turn: Duration, caller: impl Fn(Instant) -> F) -> Outcome<f64>
where
    F: Future<Output = Outcome<u64>> + Send + 'static,
{
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(caller(began + turn));
    }
    let mut counted = 0;
    while let Some(ended) = callers.join_next().await {
        counted += ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of one turn are far below 2^52")]
    Ok(counted as f64 / began.elapsed().as_secs_f64())
}

async fn through(counter: &Arc<GroupCommitCounter>, tenant: u128, turn: Duration) -> Outcome<f64> {
    let scope = Arc::new(TenantScope::for_test(tenant, &[]));
    let reach = fixture::reach(scope.tenant_id())?;
    let item = Item {
        meter: fixture::meter()?,
        value: 1,
        member: None,
        user: User::default(),
        subject: None,
        description: None,
        at: NOW,
    };
    rate(turn, |until| {
        let (counter, scope, reach, item) = (Arc::clone(counter), Arc::clone(&scope), reach.clone(), item.clone());
        async move {
            let mut done = 0;
            while Instant::now() < until {
                counter.submit(&scope, order(&reach, &item)?).await?;
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}

fn order(reach: &Reach, item: &Item) -> Outcome<Order> {
    Ok(Order {
        operation: OperationId::try_from(format!("call-{}", next()))?,
        digest: [7; 32],
        act: Act::Consume(vec![item.clone()]),
        live: true,
        reach: reach.clone(),
        now: NOW,
    })
}

/// One transaction for each call, in the words of the database.
#[derive(Clone)]
struct Plain {
    connection: DatabaseConnection,
    sqlite: bool,
    insert: Arc<str>,
}

impl Plain {
    #[expect(clippy::disallowed_methods, reason = "plain SQL is what is measured here")]
    async fn on(url: &str) -> Outcome<Self> {
        let sqlite = url.starts_with("sqlite");
        let mut options = ConnectOptions::new(url);
        // SQLite has one writer whatever one does; several connections would only be busy waiting.
        options
            .max_connections(if sqlite { 1 } else { CONNECTIONS })
            .acquire_timeout(Duration::from_mins(1))
            .sqlx_logging(false);
        let connection = Database::connect(options).await?;
        if sqlite {
            connection.execute_unprepared("pragma synchronous = full").await?;
        }
        connection
            .execute_unprepared(&ledger::open_account(connection.get_database_backend()))
            .await?;
        Ok(Self {
            sqlite,
            insert: ledger::insert("usage_ledger", connection.get_database_backend(), 1).into(),
            connection,
        })
    }

    async fn count(&self, turn: Duration) -> Outcome<f64> {
        rate(turn, |until| {
            let plain = self.clone();
            async move {
                let mut counted = 0;
                while Instant::now() < until {
                    plain.count_one().await?;
                    counted += 1;
                }
                Ok(counted)
            }
        })
        .await
    }

    #[expect(clippy::disallowed_methods, reason = "plain SQL is what is measured here")]
    async fn count_one(&self) -> Outcome<()> {
        let backend = self.connection.get_database_backend();
        let options = TransactionOptions {
            sqlite_transaction_mode: self.sqlite.then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let unit = self.connection.begin_with_options(options).await?;
        let changed = unit
            .execute_raw(Statement::from_string(backend, ledger::post_one(backend)))
            .await?;
        if changed.rows_affected() != 1 {
            return Err("the limit was reached".into());
        }
        let row = ledger::row(ledger::PLAIN_TENANT, u128::from(next()) << 64);
        unit.execute_raw(Statement::from_sql_and_values(backend, &*self.insert, row))
            .await?;
        unit.commit().await?;
        Ok(())
    }
}
