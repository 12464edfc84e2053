//! A PostgreSQL server of our own, from the binaries on this machine.
//!
//! All test processes of one user share it: the first starts it, a shell that watches over it stops it
//! when no process has used it for ten minutes. It listens on a random loopback port, behind a random
//! password, and syncs to disk as a real one does. The server refuses to run as root, so root's is run
//! by `postgres` or `nobody`.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::postgres::answers;

/// Started with: folder of the binaries, folder of the server, folder shared with the test processes, port.
/// `used` is touched whenever a database is made; ten minutes without a touch end the server. Shorter would end it
/// under a long test that made its database early.
const WATCH: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -p "$4" -c listen_addresses=127.0.0.1 -c max_connections=300 \
  -c shared_buffers=64MB >"$2/log" 2>&1 &
server=$!
while kill -0 "$server" 2>/dev/null; do
  sleep 5
  [ -n "$(find "$3/used" -mmin +10 2>/dev/null)" ] || continue
  mv "$3/url" "$3/stopping" 2>/dev/null
  if [ -z "$(find "$3/used" -mmin +10 2>/dev/null)" ]; then
    mv "$3/stopping" "$3/url" 2>/dev/null
    continue
  fi
  kill -INT "$server"
  wait "$server"
  rm -f "$3/stopping"
  break
done
rm -rf "$2"
"#;

/// Who runs the server.
#[derive(Clone, Copy)]
pub(crate) struct Runner {
    uid: u32,
    gid: u32,
}

/// The URL of the server's `postgres` database, or why there is none. Starts it when nobody has.
pub(crate) fn url() -> Result<String, String> {
    let binaries = binaries().ok_or("no server at TENANTRY_TEST_POSTGRES_URL or 127.0.0.1:5432, none installed")?;
    let told = |cause: std::io::Error| format!("a private server did not start: {cause}");
    let shared = shared_dir().map_err(told)?;
    let runner = runner(&shared)?;
    let lock = File::create(shared.join("lock")).map_err(told)?;
    lock.lock().map_err(told)?;
    keep_in_use(shared.join("used")).map_err(told)?;
    let noted = shared.join("url");
    if let Ok(url) = fs::read_to_string(&noted)
        && answers(&url)
    {
        return Ok(url);
    }
    let url = start(&binaries, &shared, runner)?;
    fs::write(&noted, &url).map_err(told)?;
    fs::set_permissions(&noted, fs::Permissions::from_mode(0o600)).map_err(told)?;
    Ok(url)
}

/// The newest installed server, in PATH or where Debian keeps it.
pub(crate) fn binaries() -> Option<PathBuf> {
    let complete = |dir: &PathBuf| dir.join("postgres").exists() && dir.join("initdb").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    // PATH may hold links; the server finds its own files from where it really is.
    let in_path = std::env::split_paths(&path).find(complete);
    let linked = in_path.and_then(|dir| dir.join("postgres").canonicalize().ok());
    if let Some(dir) = linked.as_deref().and_then(Path::parent) {
        return Some(dir.to_path_buf());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut dirs: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, dir)| complete(dir))
        .collect();
    dirs.sort();
    dirs.pop().map(|(_, dir)| dir)
}

/// In the temporary folder: a build folder may lie where another user cannot go, and a socket's path is short.
fn shared_dir() -> Result<PathBuf, std::io::Error> {
    let dir = std::env::temp_dir().join(format!("tenantry-test-postgres-{}", ourselves()?.uid));
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Ourselves, or for root somebody with less power; makes the shared folder theirs alone.
pub(crate) fn runner(shared: &Path) -> Result<Runner, String> {
    let told = |cause: std::io::Error| format!("{}: {cause}", shared.display());
    let ourselves = ourselves().map_err(told)?;
    let runner = if ourselves.uid == 0 {
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| account(name))
            .ok_or("root may not run a server, and there is neither postgres nor nobody")?
    } else {
        ourselves
    };
    let owner = fs::metadata(shared).map_err(told)?.uid();
    if owner != ourselves.uid && owner != runner.uid {
        return Err(format!("{} belongs to somebody else", shared.display()));
    }
    chown(shared, Some(runner.uid), Some(runner.gid)).map_err(told)?;
    fs::set_permissions(shared, fs::Permissions::from_mode(0o700)).map_err(told)?;
    Ok(runner)
}

/// Who we are: whoever a file of ours belongs to.
pub(crate) fn ourselves() -> Result<Runner, std::io::Error> {
    let probe = std::env::temp_dir().join(format!("tenantry-test-{}-who", std::process::id()));
    let own = File::create(&probe)?.metadata()?;
    fs::remove_file(&probe)?;
    Ok(Runner {
        uid: own.uid(),
        gid: own.gid(),
    })
}

fn account(name: &str) -> Option<Runner> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Runner {
        uid: fields.next()?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
    })
}

/// Touches the file now, and for as long as this process lives.
fn keep_in_use(used: PathBuf) -> Result<(), std::io::Error> {
    fs::write(&used, "")?;
    std::thread::Builder::new()
        .name("keeps PostgreSQL in use".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(15));
                let _ = fs::write(&used, "");
            }
        })?;
    Ok(())
}

fn start(binaries: &Path, shared: &Path, runner: Runner) -> Result<String, String> {
    let told = |cause: std::io::Error| format!("a private server did not start: {cause}");
    let port = TcpListener::bind(("127.0.0.1", 0))
        .and_then(|free| free.local_addr())
        .map_err(told)?
        .port();
    let dir = shared.join(format!("server-{port}"));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).map_err(told)?;
    let password = password().map_err(told)?;
    make(binaries, &dir, runner, &password)?;
    as_runner(Path::new("/bin/sh"), runner)
        .args(["-c", WATCH, "watch"])
        .args([binaries, &dir, shared])
        .arg(port.to_string())
        .current_dir(&dir)
        // A group of its own: what interrupts the tests must not interrupt the server of others.
        .process_group(0)
        .spawn()
        .map_err(told)?;
    wait(
        format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
        &dir,
    )
}

/// Makes the server's files in a folder, which becomes the runner's alone.
pub(crate) fn make(binaries: &Path, dir: &Path, runner: Runner, password: &str) -> Result<(), String> {
    let told = |cause: std::io::Error| format!("a private server did not start: {cause}");
    let password_file = dir.join("password");
    fs::write(&password_file, password).map_err(told)?;
    for path in [dir, &password_file] {
        chown(path, Some(runner.uid), Some(runner.gid)).map_err(told)?;
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(told)?;

    let made = as_runner(&binaries.join("initdb"), runner)
        .args([
            "--username=postgres",
            "--auth=password",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ])
        .arg("--pwfile")
        .arg(&password_file)
        .arg(dir.join("data"))
        .current_dir(dir)
        .output()
        .map_err(told)?;
    if !made.status.success() {
        return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
    }
    Ok(())
}

/// No inherited pipes: whoever reads our output would wait for the server.
pub(crate) fn as_runner(program: &Path, runner: Runner) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if ourselves().is_ok_and(|own| own.uid != runner.uid) {
        command.uid(runner.uid).gid(runner.gid);
    }
    command
}

fn wait(url: String, dir: &Path) -> Result<String, String> {
    for _ in 0..300 {
        if answers(&url) {
            return Ok(url);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
    Err(format!("a private server did not answer: {log}"))
}

pub(crate) fn password() -> Result<String, std::io::Error> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}
