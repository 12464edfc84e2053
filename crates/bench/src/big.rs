//! What a large database costs: the same requests to an installation that is empty and to one that is full.

mod fill;

use std::path::Path;

use serde::Serialize;
use tenantry_test_support::{Engine, FreshDatabase};

use crate::installation::{Callers, Installation};
use crate::load::{self, Asked, Crowd};
use crate::process::Server;
use crate::suite::{Folder, median};
use crate::{Outcome, Plan, machine};

/// How many times longer an answer may take on the full database.
pub const TARGET: f64 = 1.2;

/// How much is filled in.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Entries of the ledger.
    pub rows: u64,
    /// Tenants; the one that is measured has as many entries as a hundred of the others.
    pub tenants: u64,
}

/// One request on both databases.
#[derive(Serialize)]
pub struct Big {
    pub database: &'static str,
    pub name: &'static str,
    pub clients: usize,
    pub rows: u64,
    pub empty_per_s: f64,
    pub full_per_s: f64,
    /// How many times longer an answer takes on the full one; the median of the rounds.
    pub times: f64,
    pub failed: u64,
}

/// One installation and who calls it.
struct Side {
    server: Server,
    callers: Callers,
    _database: Option<FreshDatabase>,
}

/// Measures every database there is.
pub async fn measure(plan: &Plan, size: Size) -> Outcome<Vec<Big>> {
    let folder = Folder::new("big")?;
    let mut all = Vec::new();
    for (name, engine) in [("SQLite", Engine::SqliteFile), ("PostgreSQL", Engine::Postgres)] {
        if engine == Engine::Postgres && !plan.postgres {
            continue;
        }
        let Some(empty) = side(plan, &folder.path().join(format!("{name}-empty")), engine, None).await? else {
            continue;
        };
        let full = side(plan, &folder.path().join(format!("{name}-full")), engine, Some(size)).await?;
        let Some(full) = full else { continue };
        all.extend(compare(plan, name, size, &empty, &full).await?);
    }
    Ok(all)
}

/// An installation with one tenant, and with many more when it is to be full.
async fn side(plan: &Plan, folder: &Path, engine: Engine, size: Option<Size>) -> Outcome<Option<Side>> {
    let database = if engine == Engine::Postgres {
        let Some(database) = FreshDatabase::empty_on(engine).await else {
            return Ok(None);
        };
        Some(database)
    } else {
        None
    };
    let url = database.as_ref().map(|database| database.url().to_owned());
    let installation = Installation::new(folder, url)?;
    let server = installation.start(plan).await?;
    let callers = Callers::of(server.address(), "bench-owner").await?;
    load::apply(&server, &callers.usage(), 201, Crowd::of(1), plan.turn / 10).await?;
    let server = if let Some(size) = size {
        // Nothing else writes meanwhile.
        server.stop().await?;
        eprintln!(
            "bench: filling {} rows and {} tenants into {engine}",
            size.rows, size.tenants
        );
        fill::fill(&installation.url(), size).await?;
        installation.start(plan).await?
    } else {
        server
    };
    Ok(Some(Side {
        server,
        callers,
        _database: database,
    }))
}

async fn compare(plan: &Plan, database: &'static str, size: Size, empty: &Side, full: &Side) -> Outcome<Vec<Big>> {
    type Ask = fn(&Callers) -> Asked;
    let asked: [(&'static str, Ask, u16, usize); 4] = [
        ("POST /usage", Callers::usage, 201, 1),
        ("POST /usage", Callers::usage, 201, 32),
        ("GET /usage", Callers::read_usage, 200, 1),
        ("GET /usage", Callers::read_usage, 200, 32),
    ];
    let mut all = Vec::new();
    for (name, ask, expected, clients) in asked {
        let (mut of_empty, mut of_full, mut times, mut failed) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for round in 0..=plan.rounds {
            let mut rates = [0.0; 2];
            for (side, rate) in [empty, full].into_iter().zip(&mut rates) {
                let turn = load::apply(
                    &side.server,
                    &ask(&side.callers),
                    expected,
                    Crowd::of(clients),
                    plan.turn,
                )
                .await?;
                failed += turn.failed;
                *rate = turn.rate;
            }
            let [one, other] = rates;
            // The first round is to warm up.
            if round > 0 {
                of_empty.push(one);
                of_full.push(other);
                times.push(one / other);
            }
        }
        all.push(Big {
            database,
            name,
            clients,
            rows: size.rows,
            empty_per_s: median(&mut of_empty),
            full_per_s: median(&mut of_full),
            times: median(&mut times),
            failed,
        });
    }
    Ok(all)
}

/// For people, when it is all that was asked for.
pub fn alone(plan: &Plan, all: &[Big]) -> String {
    format!(
        "{}; {}; median of {} rounds of {} ms\n{}",
        machine::processor(),
        plan.cores.describe(),
        plan.rounds,
        plan.turn.as_millis(),
        crate::report::big_table(all)
    )
}
