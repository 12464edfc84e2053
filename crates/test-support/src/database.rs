//! Fresh databases, and stores over them.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, DbErr, Statement};
use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_store_seaorm::{SeaOrmStore, StoreOptions, StorePorts};
use time::macros::datetime;
use tokio::sync::OnceCell;

use crate::cipher::TestCipher;
use crate::{postgres, target_dir};

/// What a database runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in memory: one connection.
    SqliteMemory,
    /// SQLite in a file: one writer, several readers.
    SqliteFile,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SqliteMemory, Self::SqliteFile, Self::Postgres];
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SqliteMemory => "SQLite in memory",
            Self::SqliteFile => "SQLite in a file",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// SQLite files that were not touched for this long belong to nobody any more.
const STALE_AFTER: Duration = Duration::from_hours(1);

/// Numbers the databases of this process.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The migrated SQLite file that others are copies of.
static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();

/// A database that nobody else uses, migrated, and gone when this is dropped.
#[derive(Debug)]
pub struct FreshDatabase {
    engine: Engine,
    url: String,
}

impl FreshDatabase {
    /// Makes one. `None`, said aloud, when there is no PostgreSQL on this machine.
    ///
    /// # Panics
    /// When the database cannot be made, or PostgreSQL is required and absent.
    pub async fn on(engine: Engine) -> Option<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let url = match engine {
            // Lives in the store's one connection; migrated there.
            Engine::SqliteMemory => "sqlite::memory:".to_owned(),
            Engine::SqliteFile => sqlite_file(number).await,
            Engine::Postgres => match postgres::fresh(number).await {
                Ok(url) => url,
                Err(reason) => {
                    skip(&reason);
                    return None;
                }
            },
        };
        Some(Self { engine, url })
    }

    /// Makes one without any tables. `None` when there is no PostgreSQL on this machine.
    ///
    /// # Panics
    /// When the database cannot be made, or PostgreSQL is required and absent.
    pub async fn empty_on(engine: Engine) -> Option<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let url = match engine {
            Engine::SqliteMemory => "sqlite::memory:".to_owned(),
            Engine::SqliteFile => {
                let name = format!("empty-{}-{number}.db", std::process::id());
                let path = test_databases().join(name);
                // Of an earlier process with our number.
                let _ = std::fs::remove_file(&path);
                format!("sqlite://{}?mode=rwc", path.display())
            }
            Engine::Postgres => match postgres::empty(number).await {
                Ok(url) => url,
                Err(reason) => {
                    skip(&reason);
                    return None;
                }
            },
        };
        Some(Self { engine, url })
    }

    /// Does something to it that no program of this version would do.
    ///
    /// # Panics
    /// When the database refuses.
    #[expect(clippy::disallowed_methods, reason = "stands in for another version of the program")]
    pub async fn tell(&self, sql: &str) {
        let told = async {
            let connection = Database::connect(&self.url).await?;
            connection.execute_unprepared(sql).await?;
            connection.close().await
        };
        if let Err(cause) = told.await {
            panic!("{sql}: {cause}");
        }
    }

    /// Asks it for one whole number.
    ///
    /// # Panics
    /// When the database refuses, or has no answer.
    #[expect(clippy::disallowed_methods, reason = "looks past every port, at what is stored")]
    pub async fn number(&self, sql: &str) -> i64 {
        let asked = async {
            let connection = Database::connect(&self.url).await?;
            let question = Statement::from_string(connection.get_database_backend(), sql);
            let row = connection.query_one_raw(question).await?;
            let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
            let number = row.try_get_by_index(0)?;
            connection.close().await?;
            Ok::<i64, DbErr>(number)
        };
        match asked.await {
            Ok(number) => number,
            Err(cause) => panic!("{sql}: {cause}"),
        }
    }

    /// What it runs on.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// How to connect to it. In memory: every connection to this URL is a database of its own.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        match self.engine {
            Engine::SqliteMemory => {}
            Engine::SqliteFile => {
                let path = self.url.trim_start_matches("sqlite://").trim_end_matches("?mode=rwc");
                for suffix in ["", "-wal", "-shm"] {
                    // What is not there needs no removing.
                    let _ = std::fs::remove_file(format!("{path}{suffix}"));
                }
            }
            Engine::Postgres => postgres::remove(&self.url),
        }
    }
}

/// A store over a fresh database, with a clock that stands still.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: SeaOrmStore,
    /// Its clock: noon on the first of March 2026, until moved.
    pub clock: Arc<FixedClock>,
    /// Its ids: 1, 2, 3, …
    pub ids: Arc<SequentialIds>,
    database: FreshDatabase,
}

impl TestStore {
    /// Makes one. `None`, said aloud, when there is no PostgreSQL on this machine.
    ///
    /// # Panics
    /// When the database cannot be made or reached, or PostgreSQL is required and absent.
    pub async fn on(engine: Engine) -> Option<Self> {
        let database = FreshDatabase::on(engine).await?;
        let clock = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
        let ids = Arc::new(SequentialIds::default());
        let store = connect(database.url(), &clock, &ids).await;
        if let Err(cause) = tenantry_migrations::up(store.schema_connection()).await {
            panic!("{engine} was not migrated: {cause:?}");
        }
        Some(Self {
            store,
            clock,
            ids,
            database,
        })
    }

    /// A store in memory, where any database will do.
    ///
    /// # Panics
    /// When SQLite does not work.
    pub async fn in_memory() -> Self {
        let Some(store) = Self::on(Engine::SqliteMemory).await else {
            panic!("SQLite is always there")
        };
        store
    }

    /// Another node on the same database. `None` in memory, which has one node only.
    ///
    /// # Panics
    /// When the database cannot be reached.
    pub async fn another_node(&self) -> Option<SeaOrmStore> {
        if self.database.engine == Engine::SqliteMemory {
            return None;
        }
        Some(self.another_node_at(self.database.url()).await)
    }

    /// Another node that reaches a database in another way: as another role.
    ///
    /// # Panics
    /// When the database cannot be reached.
    pub async fn another_node_at(&self, url: &str) -> SeaOrmStore {
        connect(url, &self.clock, &self.ids).await
    }

    /// Waits until nothing uses the database any more, and removes it.
    pub async fn close(self) {
        // A connection that returns to its pool a moment later would keep the database from being removed.
        let _ = self.store.close().await;
    }

    /// The database beneath.
    #[must_use]
    pub const fn database(&self) -> &FreshDatabase {
        &self.database
    }
}

/// Runs `promise` on every database there is, each time on a fresh one.
///
/// # Panics
/// When the promise is broken, or PostgreSQL is required and absent.
pub async fn on_each_database(promise: impl AsyncFn(&TestStore)) {
    for engine in Engine::ALL {
        let Some(store) = TestStore::on(engine).await else {
            continue;
        };
        // Shown with the failure, if there is one.
        eprintln!("on {engine}");
        promise(&store).await;
        store.close().await;
    }
}

async fn connect(url: &str, clock: &Arc<FixedClock>, ids: &Arc<SequentialIds>) -> SeaOrmStore {
    let ports = StorePorts {
        cipher: Arc::new(TestCipher),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let options = StoreOptions::new(url).pool_size(4);
    match SeaOrmStore::connect(&options, ports).await {
        Ok(store) => store,
        Err(cause) => panic!("no connection: {cause:?}"),
    }
}

async fn sqlite_file(number: u64) -> String {
    let dir = test_databases();
    let pid = std::process::id();
    let template = TEMPLATE
        .get_or_init(async || {
            remove_stale(&dir);
            let path = dir.join(format!("template-{pid}.db"));
            let _ = std::fs::remove_file(&path);
            migrate_file(&path).await;
            path
        })
        .await;
    let path = dir.join(format!("test-{pid}-{number}.db"));
    if let Err(cause) = std::fs::copy(template, &path) {
        panic!("no database {}: {cause}", path.display());
    }
    format!("sqlite://{}", path.display())
}

fn test_databases() -> PathBuf {
    let dir = target_dir().join("test-databases");
    match std::fs::create_dir_all(&dir) {
        Ok(()) => dir,
        Err(cause) => panic!("no folder {}: {cause}", dir.display()),
    }
}

/// Removes what killed test processes, and templates of former ones, left behind.
fn remove_stale(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|file| file.modified())
            .map(|made| made.elapsed());
        if matches!(age, Ok(Ok(age)) if age > STALE_AFTER) {
            // Another process may be removing it at the same time.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

async fn migrate_file(path: &Path) {
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let migrated = async {
        let connection = Database::connect(&url).await.map_err(|cause| cause.to_string())?;
        let done = tenantry_migrations::up(&connection).await;
        connection.close().await.map_err(|cause| cause.to_string())?;
        done.map_err(|cause| format!("{cause:?}"))
    };
    if let Err(cause) = migrated.await {
        panic!("the SQLite template was not migrated: {cause}");
    }
}

/// Says it past the capture of test output.
fn skip(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(
        std::env::var_os("TENANTRY_TEST_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
        "PostgreSQL is required and absent: {reason}"
    );
    let _ = writeln!(std::io::stderr(), "SKIPPED on PostgreSQL: {test} ({reason})");
}
