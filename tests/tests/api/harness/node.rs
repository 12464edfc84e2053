//! One node of an installation, in this process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use tenantry_app::config::{Config, ConfigFile, Sources as ConfigSources};
use tenantry_app::wiring::{Installation, Sources};
use tenantry_app::workers;
use tenantry_http_actix::server::{self, Running, ServeOptions};
use tenantry_kernel::Clock as _;
use tenantry_kernel::testing::FixedClock;
use tenantry_test_support::{Engine, FreshDatabase};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::task::JoinSet;

use super::Caller;

/// How long a test waits for what happens in the background, before it says that it never happened.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a program is started.
#[derive(Clone)]
pub struct Setup {
    catalog: String,
    settings: Vec<(&'static str, String)>,
}

impl Setup {
    /// With this catalog. Limits for people and addresses are off: one test is many people.
    pub fn catalog(name: &str) -> Self {
        let settings = [
            ("password_cost", "fast"),
            ("rate_limit_person", "off"),
            ("rate_limit_address", "off"),
            ("trusted_proxies", "127.0.0.1"),
            ("sqlite_durability", "normal"),
            ("pool_size", "8"),
            ("log", "warn"),
        ];
        Self {
            catalog: name.to_owned(),
            settings: settings.map(|(key, value)| (key, value.to_owned())).to_vec(),
        }
    }

    /// All of it, by the keys of the configuration.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = self.settings.clone();
        settings.push(("catalog", self.catalog.clone()));
        settings
    }

    /// With another value for one key of the configuration.
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value.to_owned()));
        self
    }
}

/// A folder that no other test has.
pub fn folder(name: &str) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    // Of an earlier process with our number.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("the folder can be made");
    path
}

/// A program at work.
pub struct Node {
    /// What time it is for the program.
    pub clock: Arc<FixedClock>,
    installation: Arc<Installation>,
    running: Running,
    tasks: JoinSet<()>,
    data_dir: PathBuf,
    address: String,
    http: reqwest::Client,
    tokens_used: Mutex<Vec<String>>,
}

impl Node {
    /// Starts a program on this database, at noon on the first of March 2026.
    pub async fn start(setup: &Setup, database: &FreshDatabase) -> Self {
        Self::start_at(setup, database, datetime!(2026-03-01 12:00 UTC)).await
    }

    /// Starts a program on this database, for which it is this late.
    pub async fn start_at(setup: &Setup, database: &FreshDatabase, now: OffsetDateTime) -> Self {
        let data_dir = folder("node");
        let clock = Arc::new(FixedClock::at(now));
        let mut flags = setup.settings();
        if !flags.iter().any(|(key, _)| *key == "listen") {
            flags.push(("listen", "127.0.0.1:0".to_owned()));
        }
        flags.push(("data_dir", data_dir.display().to_string()));
        flags.push(("database_url", database.url().to_owned()));
        let config = Config::load(&ConfigSources {
            file: ConfigFile::IfPresent(data_dir.join("tenantry.toml")),
            environment: Vec::new(),
            flags,
        })
        .expect("the configuration is right");
        let sources = Sources {
            clock: clock.clone(),
            ..Sources::default()
        };
        let installation = Arc::new(Installation::open(&config, sources).await.expect("the program opens"));
        let listener = TcpListener::bind(config.listen).expect("a port is free");
        let address = listener.local_addr().expect("the port is known").to_string();
        let services = installation.services.clone();
        let options = ServeOptions {
            workers: Some(2),
            grace_s: 1,
            ..ServeOptions::default()
        };
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let api = installation.api(metrics);
        let running = server::start(listener, api, options, move |app| services.register(app)).expect("it serves");
        let mut tasks = JoinSet::new();
        workers::serving(&mut tasks, &installation);
        workers::working(&mut tasks, &installation);
        let http = reqwest::Client::builder()
            .user_agent("tests/1.0")
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client can be made");
        Self {
            clock,
            installation,
            running,
            tasks,
            data_dir,
            address,
            http,
            tokens_used: Mutex::default(),
        }
    }

    /// Stops it in order.
    pub async fn stop(mut self) {
        // Idle connections would be waited for.
        drop(self.http);
        self.running.stop().await.expect("it stops");
        self.tasks.shutdown().await;
        self.installation.close().await;
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }

    /// What time it is for the program.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.system_now()
    }

    /// The newest letter to an address that says this; waits until there is one.
    pub async fn letter_to(&self, address: &str, says: &str) -> String {
        let newest = async || {
            let letters = letters_to(&self.data_dir, address);
            letters.into_iter().rev().find(|letter| letter.contains(says))
        };
        eventually("a letter", newest).await
    }

    /// How many letters to an address say this, so far.
    pub fn letters_about(&self, address: &str, says: &str) -> usize {
        let letters = letters_to(&self.data_dir, address);
        letters.iter().filter(|letter| letter.contains(says)).count()
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Somebody without credentials.
    pub fn anybody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.address)
    }

    /// Somebody with an access token or an API key.
    pub fn bearer(&self, credential: &str) -> Caller {
        self.anybody().bearer(credential)
    }

    /// Does at once what the background work does about billing.
    pub async fn bill(&self) {
        let scope = self.installation.system_scope("billing_run");
        let report = self
            .installation
            .billing
            .run(&scope, None)
            .await
            .expect("the run begins");
        assert!(report.failed.is_empty(), "{:?}", report.failed);
    }

    /// The installation itself, for what an operator does at the console.
    pub fn installation(&self) -> &Arc<Installation> {
        &self.installation
    }

    /// All letters to an address so far, oldest first.
    pub fn letters_to(&self, address: &str) -> Vec<String> {
        letters_to(&self.data_dir, address)
    }

    /// The one-time token in the newest letter to an address; waits until there is one that was not asked for before.
    pub async fn token_sent_to(&self, address: &str) -> String {
        let used = self.tokens_used.lock().unwrap().clone();
        let token = token_sent_to(&self.data_dir, address, &used).await;
        self.tokens_used.lock().unwrap().push(token.clone());
        token
    }
}

/// All letters to an address so far, oldest first.
fn letters_to(data_dir: &Path, address: &str) -> Vec<String> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(data_dir.join("outbox"))
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    paths.sort();
    let letters = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("letters are text"));
    let to = |letter: &String| {
        let mut head = letter.lines().take_while(|line| !line.is_empty());
        head.any(|line| line.to_ascii_lowercase().starts_with("to:") && line.contains(address))
    };
    letters.filter(to).collect()
}

/// The one-time token in the newest letter to an address; waits until there is one besides these.
pub async fn token_sent_to(data_dir: &Path, address: &str, besides: &[String]) -> String {
    let newest = async || {
        let letters = letters_to(data_dir, address);
        let (_, rest) = letters.last()?.split_once("?token=")?;
        let token = rest.split(['\r', '\n', ' ', '"', '<']).next()?.to_owned();
        Some(token).filter(|token| !besides.contains(token))
    };
    eventually("a letter with a token", newest).await
}

/// Asks until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Tells a story to a fresh program on every kind of database there is.
pub async fn on_each_database(setup: &Setup, story: impl AsyncFn(&Node)) {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        // Shown with the failure, if there is one.
        eprintln!("on {engine}");
        let node = Node::start(setup, &database).await;
        story(&node).await;
        node.stop().await;
    }
}
