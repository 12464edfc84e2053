//! Measures the program against a bare actix-web answer on the same cores.
//!
//! The servers are processes of their own: the real `tenantry`, found beside this binary, and `bench hello`. The load
//! comes from this process over connections that stay open. docs/benchmarks.md says how to read the table.

mod big;
mod client;
mod guarded;
mod hello;
mod ingest;
mod inside;
mod installation;
mod invitations;
mod ledger;
mod load;
mod machine;
mod process;
mod rates;
mod report;
mod rivals;
mod start;
mod storm;
mod suite;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use big::Size;
use inside::counting;
use machine::Cores;
use tenantry_test_support::{Engine, FreshDatabase};

/// The allocator of the program itself, so that the comparison is with the same one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What may go wrong here is told to the person who started it, and ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures `tenantry` against a bare actix-web JSON answer on the same cores.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Cli {
    /// The program; by default `tenantry` beside this binary.
    #[arg(long, global = true)]
    binary: Option<PathBuf>,
    /// A smoke test: one short round. The figures mean little.
    #[arg(long, global = true)]
    quick: bool,
    /// How often every target has its turn; the median of the rounds counts.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long a turn lasts, in milliseconds.
    #[arg(long, global = true, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..))]
    turn_ms: u64,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// Leave PostgreSQL out.
    #[arg(long, global = true)]
    no_postgres: bool,
    /// Let servers and load share all cores, instead of half of them each.
    #[arg(long, global = true)]
    no_pin: bool,
    /// Leave Redis and throttlecrab out.
    #[arg(long)]
    no_rivals: bool,
    /// Also what `bench big` measures, and memory over a million events. It takes long.
    #[arg(long)]
    big: bool,
    /// What the program logs: a key of its configuration.
    #[arg(long, global = true, default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The bare answer: what everything is compared with.
    Hello {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// The bare answer behind a check of who calls.
    Guarded {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where its installation is.
        #[arg(long)]
        folder: PathBuf,
    },
    /// The bare answer behind the embedded check, against the bare answer.
    Embedded,
    /// What people who read notice of a storm of log-ins, and a thousand invitations in one call.
    People,
    /// Checking rates in memory, in nanoseconds.
    Rates,
    /// Counting in one process, on all cores.
    Strict,
    /// What a large database costs, against an empty one.
    Big {
        /// Entries of the usage ledger.
        #[arg(long, default_value_t = BIG.rows, value_parser = clap::value_parser!(u64).range(1_000..))]
        rows: u64,
        /// Tenants.
        #[arg(long, default_value_t = BIG.tenants, value_parser = clap::value_parser!(u64).range(1..))]
        tenants: u64,
    },
}

/// What large is.
const BIG: Size = Size {
    rows: 10_000_000,
    tenants: 10_000,
};

/// How much is measured.
struct Plan {
    binary: PathBuf,
    rounds: u32,
    turn: Duration,
    starts: u32,
    postgres: bool,
    rivals: bool,
    big: Option<Size>,
    /// How many events are ingested before memory is looked at again.
    events: u64,
    log: String,
    cores: Cores,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Hello { listen }) => hello::serve(listen),
        Some(Command::Guarded { listen, ref folder }) => guarded::serve(listen, folder),
        Some(Command::Embedded) => measure_embedded(&cli),
        Some(Command::People) => measure_people(&cli),
        Some(Command::Rates) => {
            rates::measure();
            Ok(())
        }
        Some(Command::Strict) => measure_strict(&cli),
        Some(Command::Big { rows, tenants }) => measure_big(&cli, Size { rows, tenants }),
        None => measure(&cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("bench: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
fn plan(cli: &Cli) -> Outcome<Plan> {
    Ok(Plan {
        binary: process::program(cli.binary.clone())?,
        rounds: if cli.quick { 1 } else { cli.rounds },
        turn: Duration::from_millis(if cli.quick { 250 } else { cli.turn_ms }),
        starts: if cli.quick { 2 } else { 11 },
        postgres: !cli.no_postgres,
        rivals: !cli.no_rivals,
        big: cli.big.then_some(BIG),
        events: if cli.big { 1_000_000 } else { 0 },
        log: cli.log.clone(),
        cores: if cli.no_pin { Cores::shared() } else { Cores::split() },
    })
}

/// What the command line asks for, and the threads that make load.
fn prepare(cli: &Cli) -> Outcome<(Plan, tokio::runtime::Runtime)> {
    let plan = plan(cli)?;
    if plan.postgres {
        wake_postgres()?;
    }
    plan.cores.take_ours();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(plan.cores.load_threads())
        .enable_all()
        .build()?;
    Ok((plan, runtime))
}

/// A private server runs where its starter may run: on all cores, so before this process keeps to its own.
fn wake_postgres() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { drop(FreshDatabase::empty_on(Engine::Postgres).await) });
    Ok(())
}

fn measure_strict(cli: &Cli) -> Outcome<()> {
    let plan = plan(cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let all = runtime.block_on(counting::measure(&plan))?;
    if cli.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print!("{}", report::counting_table(&all));
    }
    Ok(())
}

fn measure_embedded(cli: &Cli) -> Outcome<()> {
    let (plan, runtime) = prepare(cli)?;
    let figures = runtime.block_on(suite::embedded(&plan))?;
    if cli.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        print!("{}", report::figures_table(&figures));
    }
    report::check(&figures)
}

fn measure_people(cli: &Cli) -> Outcome<()> {
    let (plan, runtime) = prepare(cli)?;
    let people = runtime.block_on(suite::people(&plan))?;
    if cli.json {
        println!("{}", serde_json::to_string_pretty(&people)?);
    } else {
        print!("{}", report::people_table(&people));
    }
    people.check()
}

fn measure(cli: &Cli) -> Outcome<()> {
    let json = cli.json;
    let (plan, runtime) = prepare(cli)?;
    let report = runtime.block_on(suite::run(&plan))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.table());
    }
    report.check()
}

fn measure_big(cli: &Cli, size: Size) -> Outcome<()> {
    let json = cli.json;
    let (plan, runtime) = prepare(cli)?;
    let all = runtime.block_on(big::measure(&plan, size))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print!("{}", big::alone(&plan, &all));
    }
    if all.iter().any(|one| one.failed > 0) {
        return Err("some answers were not as expected".into());
    }
    Ok(())
}
