//! The prover: the program and PostgreSQL are killed at random moments while many clients count, and afterwards the
//! books must hold each acknowledged operation once. Several nodes share one limit.
//!
//! The ordinary run kills ten times on each database; `just prove` kills hundreds of times. Each prints its seed.

#[path = "prove/books.rs"]
mod books;
#[path = "prove/chance.rs"]
mod chance;
#[path = "prove/client.rs"]
mod client;
#[path = "prove/clients.rs"]
mod clients;
#[path = "prove/nodes.rs"]
mod nodes;
#[path = "prove/standing.rs"]
mod standing;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::harness::{Engine, Process};
use books::Books;
use chance::{Dice, Length};
use client::{Course, Tenant};
use clients::Trade;
use standing::Standing;

/// The limits of the plan in `prove/catalog.toml`.
const LIMITS: &[(&str, i64)] = &[
    ("hot", 1_000_000_000),
    ("small", 20),
    ("signups", 1_000_000_000),
    ("trials", 80),
    ("jobs", 30),
];
/// Those that are used up.
const SMALL: &[&str] = &["small", "trials", "jobs"];
/// What each tenant's clients do.
const TRADES: &[Trade] = &[
    Trade::Uses,
    Trade::Uses,
    Trade::Uses,
    Trade::Uses,
    Trade::Batches,
    Trade::Batches,
    Trade::Reserves,
    Trade::Reserves,
];
/// How long nothing may be answered after a kill.
const PATIENCE: Duration = Duration::from_mins(1);
/// When a reservation that was forgotten is given back.
const FORGOTTEN: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_count_nothing_twice_on_sqlite() {
    survives(Engine::SqliteFile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_count_nothing_twice_on_postgres() {
    survives(Engine::Postgres).await;
}

async fn survives(engine: Engine) {
    let length = Length::asked_for();
    let Some(mut standing) = Standing::on(engine).await else {
        return;
    };
    let began = Instant::now();
    let kills = chance::schedule(length, standing.base.can_crash());
    eprintln!(
        "prove: {engine}, {} kills, TENANTRY_PROVE_SEED={}",
        kills.len(),
        length.seed
    );
    let course = Arc::new(Course::default());
    let tenants = found(&standing.node).await;
    let mut clients = JoinSet::new();
    for (number, tenant) in (0_u64..).zip(&tenants) {
        for (place, trade) in (0_u64..).zip(TRADES) {
            let dice = Dice::of(length.seed, number * 100 + place);
            clients.spawn(clients::work(
                Arc::clone(tenant),
                Arc::clone(&course),
                *trade,
                place,
                dice,
            ));
        }
    }

    for kill in &kills {
        progress(&course, &mut clients, kill.after_answers).await;
        if !kill.then.is_zero() {
            tokio::time::sleep(kill.then).await;
        }
        standing.kill(kill).await;
    }
    progress(&course, &mut clients, 100).await;
    course.over.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.expect("clients get what they ask for");
    }
    tokio::time::sleep(FORGOTTEN).await;
    let told = tell(&standing, &tenants);

    check(&standing, &tenants).await;
    eprintln!("prove: {engine}: {told}; {:.0?} altogether", began.elapsed());
}

async fn found(node: &Process) -> Vec<Arc<Tenant>> {
    let mut tenants = Vec::new();
    for slug in ["acme", "globex", "initech"] {
        tenants.push(Arc::new(Tenant::found(node, slug, "full").await));
    }
    tenants
}

/// Waits for so many more answers; a client that fails ends the run at once.
async fn progress(course: &Course, clients: &mut JoinSet<()>, more: u64) {
    tokio::select! {
        ended = clients.join_next() => panic!("a client came to an end: {ended:?}"),
        () = course.answers(more) => {}
        () = tokio::time::sleep(PATIENCE) => panic!("nothing is answered any more"),
    }
}

/// In one line, what happened.
fn tell(standing: &Standing, tenants: &[Arc<Tenant>]) -> String {
    let (mut counted, mut refused, mut landed) = (0, 0, 0);
    let mut struggles = std::collections::BTreeMap::new();
    for tenant in tenants {
        let said = tenant.said();
        counted += said.counted.len();
        refused += said.refused.len();
        landed += said.landed;
        for (what, times) in &said.struggles {
            *struggles.entry(what.clone()).or_insert(0) += times;
        }
    }
    format!(
        "{counted} counted, of which {landed} whose first answer was lost, {refused} refused or given back; \
         died: {:?}, stood again after {:.1?} at most; instead of answers: {struggles:?}",
        standing.died, standing.longest
    )
}

/// The books, in the database and as the program tells them; then the rest of every small limit, and them again.
async fn check(standing: &Standing, tenants: &[Arc<Tenant>]) {
    let books = Books::read(standing.base.url()).await;
    for tenant in tenants {
        books.are_what_was_said(tenant);
        books.add_up(tenant, LIMITS);
        books.are_told(tenant).await;
        books::hear_again(tenant).await;
    }
    let again = Books::read(standing.base.url()).await;
    assert_eq!(again.len(), books.len(), "what was told again counted again");
    for tenant in tenants {
        for meter in SMALL {
            let before = books.posted(tenant, meter);
            let rest = books::fill_up(tenant, meter).await;
            let limit = LIMITS.iter().find(|(of, _)| of == meter).expect("it has a limit").1;
            assert_eq!(before + rest, limit, "{} {meter}: {before} and {rest}", tenant.slug);
        }
    }
    let full = Books::read(standing.base.url()).await;
    full.hold_nothing();
    for tenant in tenants {
        full.add_up(tenant, LIMITS);
    }
}
