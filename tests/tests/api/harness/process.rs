//! The program in a process of its own, from its command line on: this very test binary, told what to be.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser as _;
use tenantry_app::cli::{self, Cli};

use super::{Caller, Setup, eventually, folder};

/// The variable that tells the process what to do: the arguments of a command line.
const TOLD: &str = "TENANTRY_TEST_TOLD";
/// Where the process speaks to, in its data directory.
const LOG: &str = "log.txt";

#[test]
#[ignore = "no test: the program that other tests start as a process of its own"]
fn a_program_of_its_own() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let arguments: Vec<String> = serde_json::from_str(&told).expect("arguments");
    let cli = Cli::parse_from(std::iter::once("tenantry".to_owned()).chain(arguments));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let code = runtime.block_on(cli::run(cli));
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// The program as a shell starts it, with these settings in its environment, in a folder of its own.
pub fn program(settings: &[(&'static str, String)], arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this is a program"));
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("TENANTRY_")) {
        command.env_remove(name);
    }
    let own = [
        "--exact",
        "harness::process::a_program_of_its_own",
        "--ignored",
        "--nocapture",
    ];
    command
        .args(own)
        .current_dir(folder)
        .env(TOLD, serde_json::to_string(arguments).expect("arguments"));
    for (key, value) in settings {
        command.env(format!("TENANTRY_{}", key.to_uppercase()), value);
    }
    command
}

/// A program at work elsewhere. Dropping it kills it.
pub struct Process {
    child: Child,
    settings: Vec<(&'static str, String)>,
    arguments: Vec<&'static str>,
    address: String,
    data_dir: PathBuf,
    http: reqwest::Client,
}

impl Process {
    /// Starts a node of the installation on this database, and waits until it is ready.
    pub async fn start(setup: &Setup, database_url: &str) -> Self {
        Self::start_as(&["serve"], setup, database_url).await
    }

    /// Starts a node that does this part of the work, and waits until it is ready.
    pub async fn start_as(arguments: &[&'static str], setup: &Setup, database_url: &str) -> Self {
        // The port is free a moment later too, unless something else on this machine is very quick.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the port is known").to_string();
        drop(listener);
        let mut settings = setup.settings();
        settings.push(("listen", address.clone()));
        let data_dir = folder("process");
        settings.push(("data_dir", data_dir.display().to_string()));
        settings.push(("database_url", database_url.to_owned()));
        Self::spawn(arguments.to_vec(), settings, address, data_dir).await
    }

    async fn spawn(
        arguments: Vec<&'static str>,
        settings: Vec<(&'static str, String)>,
        address: String,
        data_dir: PathBuf,
    ) -> Self {
        let http = reqwest::Client::builder().user_agent("tests/1.0").no_proxy().build();
        let mut process = Self {
            child: launch(&arguments, &settings, &data_dir),
            settings,
            arguments,
            address,
            data_dir,
            http: http.expect("a client can be made"),
        };
        process.is_ready().await;
        process
    }

    async fn is_ready(&mut self) {
        eventually("a process that is ready", async || {
            let ended = self.child.try_wait().expect("its state can be asked for");
            assert!(ended.is_none(), "the process ended at once: {ended:?}\n{}", self.log());
            if self.arguments == ["work"] {
                return self.log().contains("working in the background").then_some(());
            }
            let asked = self.anybody().try_send(reqwest::Method::GET, "//readyz", None).await;
            asked.ok().filter(|reply| reply.status == 200).map(drop)
        })
        .await;
    }

    /// Kills it where it stands: SIGKILL, which no program can refuse or notice.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// Asks it to stop, as a supervisor does: SIGTERM.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(asked.expect("kill runs").success());
    }

    /// True when it came to an end without complaint; waits for that.
    pub async fn ended_well(&mut self) -> bool {
        let ended = async || self.child.try_wait().expect("its state can be asked for");
        eventually("the end of a process", ended).await.success()
    }

    /// The same node again, after its death.
    pub async fn again(mut self) -> Self {
        self.revive().await;
        self
    }

    /// Kills it and starts it again, at the same address and with the same data; waits until it is ready.
    pub async fn revive(&mut self) {
        self.kill();
        self.child = launch(&self.arguments, &self.settings, &self.data_dir);
        self.is_ready().await;
    }

    /// Kills it, starts it, and kills it while it starts.
    pub async fn kill_while_starting(&mut self, after: Duration) {
        self.kill();
        self.child = launch(&self.arguments, &self.settings, &self.data_dir);
        tokio::time::sleep(after).await;
        self.kill();
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

fn launch(arguments: &[&'static str], settings: &[(&'static str, String)], data_dir: &Path) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(data_dir.join(LOG))
        .expect("a file for the log");
    program(settings, arguments, data_dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the file twice"))
        .stderr(log)
        .spawn()
        .expect("it starts")
}

impl Drop for Process {
    fn drop(&mut self) {
        // Dead already, or not our concern any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.data_dir);
        }
    }
}
