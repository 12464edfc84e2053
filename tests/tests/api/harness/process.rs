//! A program in a process of its own, to be killed: this very test binary, told to serve.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tenantry_app::commands::serve::{self, Part};
use tenantry_app::config::{Config, ConfigFile, Sources};
use tenantry_app::logging;

use super::{Caller, Setup, eventually, folder};

/// The variable that tells the process what to be.
const TOLD: &str = "TENANTRY_TEST_SERVE";
/// Where the process speaks to, in its data directory.
const LOG: &str = "log.txt";

#[test]
#[ignore = "no test: the program that other tests start as a process of its own"]
fn a_program_of_its_own() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let told: Vec<(String, String)> = serde_json::from_str(&told).expect("flags");
    let leak = |(key, value): (String, String)| -> (&'static str, String) { (key.leak(), value) };
    let config = Config::load(&Sources {
        file: ConfigFile::IfPresent("nowhere/tenantry.toml".into()),
        environment: Vec::new(),
        flags: told.into_iter().map(leak).collect(),
    })
    .expect("the configuration is right");
    logging::start(&config);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(serve::run(&config, Part::Both)).expect("it serves");
}

/// A program at work elsewhere. Dropping it kills it.
pub struct Process {
    child: Child,
    flags: Vec<(&'static str, String)>,
    address: String,
    data_dir: PathBuf,
    http: reqwest::Client,
}

impl Process {
    /// Starts a node of the installation on this database, and waits until it is ready.
    pub async fn start(setup: &Setup, database_url: &str) -> Self {
        // The port is free a moment later too, unless something else on this machine is very quick.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the port is known").to_string();
        drop(listener);
        let mut flags = setup.flags();
        flags.push(("listen", address.clone()));
        let data_dir = folder("process");
        flags.push(("data_dir", data_dir.display().to_string()));
        flags.push(("database_url", database_url.to_owned()));
        Self::spawn(flags, address, data_dir).await
    }

    async fn spawn(flags: Vec<(&'static str, String)>, address: String, data_dir: PathBuf) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(data_dir.join(LOG))
            .expect("a file for the log");
        let child = Command::new(std::env::current_exe().expect("this is a program"))
            .args([
                "--exact",
                "harness::process::a_program_of_its_own",
                "--ignored",
                "--nocapture",
            ])
            .env(TOLD, serde_json::to_string(&flags).expect("flags"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the file twice"))
            .stderr(log)
            .spawn()
            .expect("it starts");
        let http = reqwest::Client::builder().user_agent("tests/1.0").no_proxy().build();
        let mut process = Self {
            child,
            flags,
            address,
            data_dir,
            http: http.expect("a client can be made"),
        };
        eventually("a process that is ready", async || {
            let ended = process.child.try_wait().expect("its state can be asked for");
            assert!(
                ended.is_none(),
                "the process ended at once: {ended:?}\n{}",
                process.log()
            );
            let asked = process.anybody().try_send(reqwest::Method::GET, "//readyz", None).await;
            asked.ok().filter(|reply| reply.status == 200)
        })
        .await;
        process
    }

    /// Kills it where it stands: SIGKILL, which no program can refuse or notice.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// The same node again, after its death.
    pub async fn again(mut self) -> Self {
        self.kill();
        let (flags, address) = (std::mem::take(&mut self.flags), self.address.clone());
        Self::spawn(flags, address, self.data_dir.clone()).await
    }

    /// Everything it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data_dir.join(LOG)).expect("the log is text")
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Somebody without credentials.
    pub fn anybody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.address)
    }

    /// Somebody with an access token or an API key.
    pub fn bearer(&self, credential: &str) -> Caller {
        self.anybody().bearer(credential)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Dead already, or not our concern any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
