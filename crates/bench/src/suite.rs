//! What is measured, and in which order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenantry_test_support::{Engine, FreshDatabase};

use crate::client::request;
use crate::installation::{Callers, Installation, log_ins, sign_ups};
use crate::load::{self, Asked, Crowd, Turn};
use crate::process::{Server, free_address};
use crate::report::People;
use crate::report::{Figure, Report, StartFigure};
use crate::rivals::{self, Rival};
use crate::{Outcome, Plan, big, guarded, ingest, inside, invitations, machine, start, storm};

/// How many clients call at once where nothing else is said.
const CLIENTS: usize = 32;
/// How many sign up or log in at once: more would only wait for the hasher.
const PEOPLE: usize = 4;
/// How much of a turn is played beforehand and not counted.
const WARM_UP: u32 = 5;

/// One line of the table.
struct Target<'a> {
    name: String,
    server: &'a Server,
    asked: Asked,
    expected: u16,
    crowd: Crowd,
    /// The bare answer with as many clients.
    is_hello: bool,
    turns: Vec<Turn>,
}

/// A folder that goes with its value.
pub struct Folder(PathBuf);

impl Folder {
    /// One that no other run has.
    pub fn new(what: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("tenantry-bench-{what}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(cause) = std::fs::remove_dir_all(&self.0) {
            eprintln!("bench: {} stays: {cause}", self.0.display());
        }
    }
}

/// Measures everything.
pub async fn run(plan: &Plan) -> Outcome<Report> {
    let folder = Folder::new("run")?;
    let sqlite = Installation::new(&folder.0.join("sqlite"), None)?;
    let database = if plan.postgres {
        FreshDatabase::empty_on(Engine::Postgres).await
    } else {
        None
    };
    let url = database.as_ref().map(|database| database.url().to_owned());
    let postgres = match url {
        Some(url) => Some(Installation::new(&folder.0.join("postgres"), Some(url))?),
        None => None,
    };

    let figures = under_load(plan, &folder, &sqlite, postgres.as_ref()).await?;
    let embedded = embedded(plan).await?;
    let people = people_of(plan, &sqlite, postgres.as_ref()).await?;
    let counting = inside::counting::apart(plan).await?;
    let checks = inside::checks::measure(plan).await?;
    let mut ingestion = vec![ingest::measure(plan, "SQLite", &sqlite).await?];
    if let Some(postgres) = &postgres {
        ingestion.push(ingest::measure(plan, "PostgreSQL", postgres).await?);
    }
    let mut starts = vec![start_figure("SQLite", plan, &sqlite).await?];
    if let Some(postgres) = &postgres {
        starts.push(start_figure("PostgreSQL", plan, postgres).await?);
    }
    Ok(Report {
        processor: machine::processor(),
        cores: plan.cores.describe(),
        rounds: plan.rounds,
        turn_ms: u64::try_from(plan.turn.as_millis()).unwrap_or(u64::MAX),
        figures,
        embedded,
        people,
        counting,
        checks,
        ingestion,
        big: match plan.big {
            Some(size) => big::measure(plan, size).await?,
            None => Vec::new(),
        },
        starts,
        binary_bytes: std::fs::metadata(&plan.binary)?.len(),
    })
}

/// Measures what concerns people alone.
pub async fn people(plan: &Plan) -> Outcome<People> {
    let folder = Folder::new("people")?;
    let sqlite = Installation::new(&folder.0.join("sqlite"), None)?;
    let database = if plan.postgres {
        FreshDatabase::empty_on(Engine::Postgres).await
    } else {
        None
    };
    let url = database.as_ref().map(|database| database.url().to_owned());
    let postgres = match url {
        Some(url) => Some(Installation::new(&folder.0.join("postgres"), Some(url))?),
        None => None,
    };
    people_of(plan, &sqlite, postgres.as_ref()).await
}

async fn people_of(plan: &Plan, sqlite: &Installation, postgres: Option<&Installation>) -> Outcome<People> {
    let storms = storm::measure(plan, sqlite).await?;
    let mut invitations = vec![invitations::measure(plan, "SQLite", sqlite).await?];
    if let Some(postgres) = postgres {
        invitations.push(invitations::measure(plan, "PostgreSQL", postgres).await?);
    }
    Ok(People { storms, invitations })
}

async fn start_figure(database: &'static str, plan: &Plan, installation: &Installation) -> Outcome<StartFigure> {
    let starts = start::measure(plan, installation).await?;
    Ok(StartFigure {
        database,
        ready_ms: starts.ready_ms,
        idle_bytes: starts.idle_bytes,
    })
}

async fn under_load(
    plan: &Plan,
    folder: &Folder,
    sqlite: &Installation,
    postgres: Option<&Installation>,
) -> Outcome<Vec<Figure>> {
    let hello = bare(plan, folder).await?;
    let on_sqlite = sqlite.start(plan).await?;
    let callers = Callers::of(on_sqlite.address(), "bench-owner").await?;
    let on_postgres = match postgres {
        Some(installation) => Some(installation.start(plan).await?),
        None => None,
    };
    let postgres_callers = match &on_postgres {
        Some(server) => Some(Callers::of(server.address(), "bench-owner").await?),
        None => None,
    };

    let rivals = if plan.rivals {
        rivals::start(plan, folder.path()).await?
    } else {
        Vec::new()
    };

    let mut targets = Vec::new();
    for clients in [1, CLIENTS, 256] {
        targets.push(greeting(&hello, clients));
    }
    // A database server runs on all cores: a load that stays awake would take them from it.
    if on_postgres.is_some() {
        for clients in [1, CLIENTS, 256] {
            targets.push(greeting(&hello, clients).falling_asleep());
        }
    }
    let probe = Asked::Same(Arc::from(request("GET", "/livez", "", None)));
    for (name, asked) in [
        ("GET /livez, by nobody", probe),
        ("GET a tenant, API key", callers.read_by_key()),
        ("GET a tenant, JWT", callers.read_by_token()),
        ("POST /api-keys/verify", callers.verify()),
    ] {
        targets.push(target(name.to_owned(), &on_sqlite, asked, 200, CLIENTS));
    }
    let mut usage = vec![("SQLite", &on_sqlite, &callers)];
    if let (Some(server), Some(callers)) = (&on_postgres, &postgres_callers) {
        usage.push(("PostgreSQL", server, callers));
    }
    for (database, server, callers) in usage {
        for clients in [1, CLIENTS, 256] {
            let name = format!("POST /usage, {database}");
            let target = target(name, server, callers.usage(), 201, clients);
            targets.push(if database == "PostgreSQL" {
                target.falling_asleep()
            } else {
                target
            });
        }
    }
    for Rival { server, asked } in &rivals {
        for (name, asked) in asked {
            targets.push(target(name.clone(), server, asked.clone(), 200, 256));
        }
    }
    targets.push(target("sign-up".to_owned(), &on_sqlite, sign_ups(), 201, PEOPLE));
    targets.push(target(
        "log-in".to_owned(),
        &on_sqlite,
        log_ins("bench-owner"),
        200,
        PEOPLE,
    ));

    play(targets, plan.rounds, plan.turn).await
}

/// Measures the embedded check alone. It is small against the moods of a machine: its turns are many and short.
pub async fn embedded(plan: &Plan) -> Outcome<Vec<Figure>> {
    let folder = Folder::new("embedded")?;
    let hello = bare(plan, &folder).await?;
    let embedded = guarded::start(plan, folder.0.join("guarded")).await?;
    let callers = Callers::of(embedded.address(), "bench-owner").await?;

    let mut targets = vec![greeting(&hello, CLIENTS)];
    targets.extend(checked(&embedded, &callers));
    targets.push(greeting(&hello, CLIENTS).falling_asleep());
    targets.extend(checked(&embedded, &callers).map(Target::falling_asleep));
    play(targets, plan.rounds * 6, plan.turn / 3).await
}

/// All of them in turn, as often as there are rounds.
async fn play(mut targets: Vec<Target<'_>>, rounds: u32, turn: Duration) -> Outcome<Vec<Figure>> {
    for round in 0..rounds {
        for target in &mut targets {
            let warm_up = if round == 0 { turn / 2 } else { turn / WARM_UP };
            target.play(warm_up).await?;
            let turn = target.play(turn).await?;
            target.turns.push(turn);
        }
    }
    let bare: Vec<&Target<'_>> = targets.iter().filter(|target| target.is_hello).collect();
    Ok(targets.iter().map(|target| target.figure(&bare)).collect())
}

/// The bare answer.
fn greeting(hello: &Server, clients: usize) -> Target<'_> {
    let nothing = Asked::Same(Arc::from(request("GET", "/hello", "", None)));
    let mut target = target("bare actix-web hello".to_owned(), hello, nothing, 200, clients);
    target.is_hello = true;
    target
}

/// The bare answer behind the embedded check.
fn checked<'a>(embedded: &'a Server, callers: &Callers) -> [Target<'a>; 2] {
    [
        ("bare answer behind an API key, embedded", callers.guarded_by_key()),
        ("bare answer behind a JWT, embedded", callers.guarded_by_token()),
    ]
    .map(|(name, asked)| target(name.to_owned(), embedded, asked, 200, CLIENTS))
}

/// The server that does nothing.
async fn bare(plan: &Plan, folder: &Folder) -> Outcome<Server> {
    let address = free_address()?;
    let mut command = plan.cores.for_server(&std::env::current_exe()?);
    command.args(["hello", "--listen", &address.to_string()]);
    Server::start(command, address, &folder.0.join("hello.txt")).await
}

fn target(name: String, server: &Server, asked: Asked, expected: u16, clients: usize) -> Target<'_> {
    Target {
        name,
        server,
        asked,
        expected,
        crowd: Crowd {
            is_awake: true,
            ..Crowd::of(clients)
        },
        is_hello: false,
        turns: Vec::new(),
    }
}

impl Target<'_> {
    /// The same by a load that falls asleep while all wait.
    fn falling_asleep(mut self) -> Self {
        self.crowd.is_awake = false;
        self.name.push_str(", load asleep");
        self
    }

    async fn play(&self, turn: Duration) -> Outcome<Turn> {
        load::apply(self.server, &self.asked, self.expected, self.crowd, turn).await
    }

    /// The median of what each turn says.
    fn median_of(&self, of: impl Fn(&Turn) -> f64) -> f64 {
        median(&mut self.turns.iter().map(of).collect::<Vec<_>>())
    }

    fn figure(&self, bare: &[&Self]) -> Figure {
        let mut took: Vec<u32> = self
            .turns
            .iter()
            .flat_map(|turn| turn.took_us.iter().copied())
            .collect();
        took.sort_unstable();
        let alike =
            |hello: &&&Self| hello.crowd.clients >= self.crowd.clients && hello.crowd.is_awake == self.crowd.is_awake;
        let hello = bare.iter().find(alike);
        // Round by round: what slows the machine down for a while slows both.
        let pairs = hello.map(|hello| self.turns.iter().zip(&hello.turns));
        let mut ratios: Vec<f64> = pairs
            .into_iter()
            .flatten()
            .map(|(own, bare)| own.rate / bare.rate)
            .collect();
        let cpu_us = self.median_of(|turn| turn.cpu_us);
        Figure {
            name: self.name.clone(),
            clients: self.crowd.clients,
            per_second: self.median_of(|turn| turn.rate),
            ratio: median(&mut ratios),
            cpu_us,
            cpu_ratio: hello.map_or(0.0, |hello| hello.median_of(|turn| turn.cpu_us)) / cpu_us,
            p50_us: percentile(&took, 50),
            p99_us: percentile(&took, 99),
            failed: self.turns.iter().map(|turn| turn.failed).sum(),
        }
    }
}

/// The middle one; 0 of none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Of sorted values; 0 of none.
pub fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_of_nothing_are_nothing() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(&mut []).to_bits(), 0.0_f64.to_bits());
        assert_eq!(percentile(&[1, 2, 3, 4], 99), 4);
        assert_eq!(percentile(&[], 50), 0);
    }
}
