//! Which Redis the tests use: private servers, which a test may also stop.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::target_dir;

/// A Redis for one test.
pub struct TestRedis {
    url: String,
    own: Option<Own>,
}

/// A server that we started.
struct Own {
    binary: PathBuf,
    port: u16,
    dir: PathBuf,
    server: Option<Child>,
}

impl TestRedis {
    /// The server at `TENANTRY_TEST_REDIS_URL`, or one of our own; `None`, said aloud, where there is neither.
    #[must_use]
    pub fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("TENANTRY_TEST_REDIS_URL") {
            note(&url);
            return Some(Self { url, own: None });
        }
        Self::private()
    }

    /// One of our own, which can be stopped; `None`, said aloud, where no `redis-server` is installed.
    ///
    /// # Panics
    /// When it does not start, or when there must be one and is none.
    #[must_use]
    pub fn private() -> Option<Self> {
        let Some(binary) = binary() else {
            let why = "SKIPPED on Redis: no redis-server in PATH, and no server at TENANTRY_TEST_REDIS_URL";
            assert!(
                std::env::var_os("TENANTRY_TEST_REQUIRE_REDIS").is_none(),
                "TENANTRY_TEST_REQUIRE_REDIS is set. {why}"
            );
            eprintln!("{why}");
            return None;
        };
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_or_else(|cause| panic!("no port for Redis: {cause}"), |free| free.port());
        let dir = std::env::temp_dir().join(format!("tenantry-test-redis-{}-{port}", std::process::id()));
        fs::create_dir_all(&dir).unwrap_or_else(|cause| panic!("{}: {cause}", dir.display()));
        let mut own = Own {
            binary,
            port,
            dir,
            server: None,
        };
        own.run();
        let url = format!("redis://127.0.0.1:{port}/0");
        note(&url);
        Some(Self { url, own: Some(own) })
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills the server, if it is ours.
    pub fn stop(&mut self) {
        if let Some(own) = &mut self.own {
            own.kill();
        }
    }

    /// Starts it again where it was, with nothing remembered.
    pub fn start_again(&mut self) {
        if let Some(own) = &mut self.own {
            own.run();
        }
    }
}

impl Own {
    fn run(&mut self) {
        let server = Command::new(&self.binary)
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(&self.dir)
            // Whatever the service manager of this machine says is not for us.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(server.unwrap_or_else(|cause| panic!("redis-server did not start: {cause}")));
        let began = Instant::now();
        while !answers(self.port) {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "redis-server does not answer"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let known = dirs.iter().map(PathBuf::as_path).chain([Path::new("/usr/bin")]);
    known.map(|dir| dir.join("redis-server")).find(|file| file.exists())
}

/// True when a server on this port answers a ping.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) else {
        return false;
    };
    let mut answer = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && stream.write_all(b"PING\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"+PONG"
}

/// For whoever must be sure that Redis was used.
fn note(url: &str) {
    let path = target_dir().join("tenantry-redis-used");
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let address = url.rsplit('@').next().unwrap_or(url);
        let _ = writeln!(file, "{address}");
    }
}
