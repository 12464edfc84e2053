//! A storm of log-ins: what people who read notice of it.
//!
//! Each log-in is one slow hash. Many of them at once wait for each other; whoever only reads should not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::installation::{Callers, Installation, log_ins};
use crate::load::{self, Asked, Crowd};
use crate::process::Server;
use crate::suite::{median, percentile};
use crate::{Outcome, Plan};

/// Log-ins under way at once.
pub const LOG_INS: usize = 200;
/// Clients that read meanwhile.
pub const READERS: usize = 32;
/// How long each of those that think does so between two reads; the others keep a core busy.
pub const THINKS: Duration = Duration::from_millis(10);
/// So many log-ins are answered before what others notice is looked at: until then the storm only begins.
const BEGUN: u64 = 20;
/// The most that p99 may grow.
pub const TARGET: f64 = 2.0;

/// What a storm costs those who read.
#[derive(Serialize)]
pub struct Storm {
    pub name: &'static str,
    /// The median of the rounds.
    pub quiet_p99_us: f64,
    pub stormy_p99_us: f64,
    /// Round by round.
    pub times: f64,
    /// Reads per second, before and meanwhile.
    pub quiet_per_s: f64,
    pub stormy_per_s: f64,
    pub log_ins_per_s: f64,
    /// Reads and log-ins that were not answered as expected.
    pub failed: u64,
}

/// Measures one installation, on the database that it has.
pub async fn measure(plan: &Plan, installation: &Installation) -> Outcome<Vec<Storm>> {
    let server = installation.start(plan).await?;
    let callers = Callers::of(server.address(), "bench-storm").await?;
    let mut storms = Vec::new();
    let (by_key, by_token) = (callers.read_by_key(), callers.read_by_token());
    for (name, asked, pause) in [
        ("GET a tenant, API key", &by_key, THINKS),
        ("GET a tenant, JWT", &by_token, THINKS),
        ("GET a tenant, API key, without a pause", &by_key, Duration::ZERO),
        ("GET a tenant, JWT, without a pause", &by_token, Duration::ZERO),
    ] {
        storms.push(one(plan, &server, name, asked, pause).await?);
    }
    server.stop().await?;
    Ok(storms)
}

async fn one(plan: &Plan, server: &Server, name: &'static str, asked: &Asked, pause: Duration) -> Outcome<Storm> {
    let readers = Crowd {
        pause,
        ..Crowd::of(READERS)
    };
    load::apply(server, asked, 200, readers, plan.turn / 2).await?;
    let (mut quiet_p99, mut storm_p99, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quiet_rate, mut storm_rate, mut log_in_rate) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed = 0;
    for _ in 0..plan.rounds {
        let quiet = load::apply(server, asked, 200, readers, plan.turn).await?;
        let storm = Weather::begin(server).await?;
        let disturbed = load::apply(server, asked, 200, readers, plan.turn).await?;
        let (answered, lost) = storm.end(plan.turn).await?;
        let (calm, stormy) = (p99(quiet.took_us), p99(disturbed.took_us));
        times.push(stormy / calm);
        quiet_p99.push(calm);
        storm_p99.push(stormy);
        quiet_rate.push(quiet.rate);
        storm_rate.push(disturbed.rate);
        log_in_rate.push(answered);
        failed += quiet.failed + disturbed.failed + lost;
    }
    Ok(Storm {
        name,
        quiet_p99_us: median(&mut quiet_p99),
        stormy_p99_us: median(&mut storm_p99),
        times: median(&mut times),
        quiet_per_s: median(&mut quiet_rate),
        stormy_per_s: median(&mut storm_rate),
        log_ins_per_s: median(&mut log_in_rate),
        failed,
    })
}

fn p99(mut took_us: Vec<u32>) -> f64 {
    took_us.sort_unstable();
    f64::from(percentile(&took_us, 99))
}

/// Log-ins that go on until they are told to stop.
struct Weather {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    tasks: JoinSet<std::io::Result<()>>,
}

impl Weather {
    /// Begins, and waits until all of them wait for their turn: some were answered since the last one came.
    async fn begin(server: &Server) -> Outcome<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..LOG_INS {
            let client = server.client().await?;
            let (over, answered, failed) = (Arc::clone(&over), Arc::clone(&answered), Arc::clone(&failed));
            tasks.spawn(async move { knock(client, &over, &answered, &failed).await });
        }
        while answered.load(Ordering::Relaxed) + failed.load(Ordering::Relaxed) < BEGUN {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        answered.store(0, Ordering::Relaxed);
        Ok(Self {
            over,
            answered,
            failed,
            tasks,
        })
    }

    /// Ends it, and waits until nobody is waiting any more; tells log-ins per second, and failures.
    async fn end(mut self, lasted: Duration) -> Outcome<(f64, u64)> {
        #[expect(clippy::cast_precision_loss, reason = "counts of one turn are far below 2^52")]
        let answered = self.answered.load(Ordering::Relaxed) as f64 / lasted.as_secs_f64();
        self.over.store(true, Ordering::Relaxed);
        while let Some(done) = self.tasks.join_next().await {
            done??;
        }
        Ok((answered, self.failed.load(Ordering::Relaxed)))
    }
}

async fn knock(mut client: Client, over: &AtomicBool, answered: &AtomicU64, failed: &AtomicU64) -> std::io::Result<()> {
    let asked = log_ins("bench-storm");
    while !over.load(Ordering::Relaxed) {
        let status = client.status_of(&asked.next()).await?;
        if status == 200 {
            answered.fetch_add(1, Ordering::Relaxed);
        } else {
            failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
