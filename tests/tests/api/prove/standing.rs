//! What dies and stands again: the program, and PostgreSQL when there is one that only this test uses.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use tenantry_test_support::OwnPostgres;

use super::chance::{Kill, Victim};
use crate::harness::{Engine, FreshDatabase, Process, Setup};

/// The database beneath.
pub enum Base {
    /// One that can be crashed too.
    Own(OwnPostgres),
    Fresh(FreshDatabase),
}

impl Base {
    /// One on this engine; `None`, said aloud, without PostgreSQL.
    pub async fn on(engine: Engine) -> Option<Self> {
        if engine == Engine::Postgres {
            let own = tokio::task::spawn_blocking(OwnPostgres::start);
            match own.await.expect("it starts or says why not") {
                Ok(own) => return Some(Self::Own(own)),
                Err(cause) => eprintln!("prove: PostgreSQL itself is not killed: {cause}"),
            }
        }
        let fresh = FreshDatabase::empty_on(engine).await?;
        Some(Self::Fresh(fresh))
    }

    pub fn url(&self) -> &str {
        match self {
            Self::Own(own) => own.url(),
            Self::Fresh(fresh) => fresh.url(),
        }
    }

    pub const fn can_crash(&self) -> bool {
        matches!(self, Self::Own(_))
    }
}

/// The program as it is installed, with everything durable that can be.
pub fn setup() -> Setup {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/prove/catalog.toml");
    Setup::catalog(&catalog.display().to_string())
        .with("sqlite_durability", "full")
        .with("workers", "2")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        )
}

/// An installation that is killed and stands again.
pub struct Standing {
    pub base: Base,
    pub node: Process,
    /// How often who died.
    pub died: BTreeMap<Victim, u32>,
    /// The longest time from a death until all stood again.
    pub longest: Duration,
}

impl Standing {
    /// A program on a database of its own.
    pub async fn on(engine: Engine) -> Option<Self> {
        let base = Base::on(engine).await?;
        let node = Process::start(&setup(), base.url()).await;
        Some(Self {
            base,
            node,
            died: BTreeMap::new(),
            longest: Duration::ZERO,
        })
    }

    /// Kills, and has everything stand again.
    pub async fn kill(&mut self, kill: &Kill) {
        let began = Instant::now();
        match kill.victim {
            Victim::Program => self.node.revive().await,
            Victim::ProgramTwice => {
                self.node.kill_while_starting(kill.then * 5).await;
                self.node.revive().await;
            }
            Victim::Database => self.crash(OwnPostgres::kill),
            Victim::DatabaseAtOnce => self.crash(OwnPostgres::stop_at_once),
            Victim::Both => {
                self.node.kill();
                self.crash(OwnPostgres::kill);
                self.node.revive().await;
            }
        }
        *self.died.entry(kill.victim).or_default() += 1;
        self.longest = self.longest.max(began.elapsed());
    }

    fn crash(&mut self, how: fn(&mut OwnPostgres)) {
        let Base::Own(own) = &mut self.base else {
            unreachable!("the schedule knows what can be killed");
        };
        tokio::task::block_in_place(|| {
            how(own);
            own.restart().expect("PostgreSQL comes back");
        });
    }
}
