//! A PostgreSQL server that one test has for itself, because it crashes it.
//!
//! It syncs to disk as a real one does. It goes with its value, and when the test's process is killed, a shell that
//! watches over it stops it.

use std::fmt;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::postgres::answers_within;
use crate::private_server::{Runner, as_runner, binaries, make, ourselves, password, runner};

/// How long a start may take: recovery included, and the end of the children of a killed server.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long one look at the server takes when it does not answer.
const A_LOOK: Duration = Duration::from_millis(250);

/// Started with: the test's process, folder of the server. Ends with the folder, or with the process.
const WATCH: &str = r#"
while [ -d "$2" ]; do
  if ! kill -0 "$1" 2>/dev/null; then
    kill -QUIT "$(head -n 1 "$2/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
    sleep 2
    rm -rf "$2"
  fi
  sleep 2
done
"#;

/// A server of one's own. Its functions wait for processes: call them where waiting is allowed.
pub struct OwnPostgres {
    binaries: PathBuf,
    runner: Runner,
    dir: PathBuf,
    port: u16,
    url: String,
    server: Option<Child>,
}

impl fmt::Debug for OwnPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnPostgres")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl OwnPostgres {
    /// Makes one and starts it.
    ///
    /// # Errors
    /// Why there is none: PostgreSQL is not installed here, or does not run.
    pub fn start() -> Result<Self, String> {
        let told = |cause: std::io::Error| format!("a server of its own did not start: {cause}");
        let binaries = binaries().ok_or("no PostgreSQL is installed here")?;
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|free| free.local_addr())
            .map_err(told)?
            .port();
        let dir = std::env::temp_dir().join(format!("tenantry-own-postgres-{}-{port}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).map_err(told)?;
        let runner = runner(&dir)?;
        let password = password().map_err(told)?;
        make(&binaries, &dir, runner, &password)?;
        let mut own = Self {
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            binaries,
            runner,
            dir,
            port,
            server: None,
        };
        own.watch().map_err(told)?;
        own.restart()?;
        Ok(own)
    }

    /// How to reach its `postgres` database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills the postmaster: SIGKILL, which it can neither refuse nor notice.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Both fail when it has ended already, which is as good.
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Ends it without a checkpoint, as after a power cut: SIGQUIT, an immediate shutdown.
    pub fn stop_at_once(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status();
            let _ = server.wait();
        }
    }

    /// Starts it again and waits until it has recovered.
    ///
    /// # Errors
    /// What it said last.
    pub fn restart(&mut self) -> Result<(), String> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let mut server = self.spawn().map_err(|cause| cause.to_string())?;
            // The children of a killed postmaster may live a moment longer; then it ends at once.
            while matches!(server.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
                if answers_within(&self.url, A_LOOK) {
                    self.server = Some(server);
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = server.kill();
            let _ = server.wait();
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(10).collect();
        Err(format!("PostgreSQL did not come back: {}", last.join(" | ")))
    }

    fn spawn(&self) -> Result<Child, std::io::Error> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.join("log"))?;
        as_runner(&self.binaries.join("postgres"), self.runner)
            .arg("-D")
            .arg(self.dir.join("data"))
            .arg("-k")
            .arg(&self.dir)
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .args(["-c", "shared_buffers=64MB"])
            .current_dir(&self.dir)
            .stderr(log)
            .spawn()
    }

    fn watch(&self) -> Result<(), std::io::Error> {
        as_runner(Path::new("/bin/sh"), ourselves()?)
            .args(["-c", WATCH, "watch", &std::process::id().to_string()])
            .arg(&self.dir)
            .current_dir("/")
            // A group of its own: what interrupts the test must not interrupt it.
            .process_group(0)
            .spawn()?;
        Ok(())
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.stop_at_once();
        let _ = fs::remove_dir_all(&self.dir);
    }
}
