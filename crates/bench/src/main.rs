//! Measures the program against a bare actix-web answer on the same cores.
//!
//! The servers are processes of their own: the real `tenantry`, found beside this binary, and `bench hello`. The load
//! comes from this process over connections that stay open. docs/benchmarks.md says how to read the table.

mod big;
mod client;
mod hello;
mod ingest;
mod inside;
mod installation;
mod ledger;
mod load;
mod machine;
mod process;
mod rates;
mod report;
mod rivals;
mod start;
mod suite;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use big::Size;
use machine::Cores;

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
    /// Checking rates in memory, in nanoseconds.
    Rates,
}

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
        Some(Command::Rates) => {
            rates::measure();
            Ok(())
        }
        None => measure(cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("bench: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for, and the threads for it.
fn prepare(cli: Cli) -> Outcome<(Plan, tokio::runtime::Runtime)> {
    let plan = Plan {
        binary: process::program(cli.binary)?,
        rounds: if cli.quick { 1 } else { cli.rounds },
        turn: Duration::from_millis(if cli.quick { 250 } else { cli.turn_ms }),
        starts: if cli.quick { 2 } else { 11 },
        postgres: !cli.no_postgres,
        rivals: !cli.no_rivals,
        big: cli.big.then_some(BIG),
        events: if cli.big { 1_000_000 } else { 0 },
        log: cli.log,
        cores: if cli.no_pin { Cores::shared() } else { Cores::split() },
    };
    plan.cores.take_ours();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(plan.cores.load_threads())
        .enable_all()
        .build()?;
    Ok((plan, runtime))
}

fn measure(cli: Cli) -> Outcome<()> {
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

fn measure_big(cli: Cli, size: Size) -> Outcome<()> {
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
