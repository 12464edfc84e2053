//! Others that count, on the same cores and under the same load: Redis, and throttlecrab over HTTP.
//!
//! Who is not installed is left out, and that is said aloud. throttlecrab is installed below the folder of this
//! binary when cargo can; it decides in memory and keeps nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;

use crate::client::{Client, Wire, request};
use crate::load::Asked;
use crate::process::{Server, free_address};
use crate::{Outcome, Plan};

/// Counts when it fits: what a limit in Redis comes to. It answers what is used, or -1.
const CHECK: &str = "local used = tonumber(redis.call('GET', KEYS[1]) or '0') \
    if used + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return -1 end \
    return redis.call('INCRBY', KEYS[1], ARGV[1])";

/// One of them at work.
pub struct Rival {
    pub server: Server,
    /// What is asked of it, each with a name.
    pub asked: Vec<(String, Asked)>,
}

/// All that can be had.
pub async fn start(plan: &Plan, folder: &Path) -> Outcome<Vec<Rival>> {
    let mut rivals = Vec::new();
    if is_there("redis-server") {
        for fsync in ["everysec", "always"] {
            rivals.push(redis(plan, &folder.join(format!("redis-{fsync}")), fsync).await?);
        }
    } else {
        eprintln!("bench: Redis is left out: there is no redis-server in PATH");
    }
    match throttlecrab_binary() {
        Ok(binary) => rivals.push(throttlecrab(plan, &binary, folder).await?),
        Err(reason) => eprintln!("bench: throttlecrab is left out: {reason}"),
    }
    Ok(rivals)
}

async fn redis(plan: &Plan, folder: &Path, fsync: &str) -> Outcome<Rival> {
    std::fs::create_dir_all(folder)?;
    let address = free_address()?;
    let mut command = plan.cores.for_server(Path::new("redis-server"));
    command
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
        .arg("--dir")
        .arg(folder)
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", fsync]);
    let log = folder.join("log.txt");
    let server = Server::start_asking(command, address, &log, Wire::Redis, &resp(&["PING"])).await?;
    let sha = Client::connect_speaking(Wire::Redis, address)
        .await?
        .reply_to(&resp(&["SCRIPT", "LOAD", CHECK]))
        .await?;
    let sha = String::from_utf8(sha.body)?;
    let sha = sha.lines().nth(1).ok_or("Redis did not take the script")?.to_owned();
    let increment = resp(&["INCR", "used"]);
    let check = resp(&["EVALSHA", &sha, "1", "checked", "1", "1000000000000"]);
    Ok(Rival {
        server,
        asked: vec![
            (format!("Redis INCR, AOF {fsync}"), same(increment)),
            (format!("Redis Lua check, AOF {fsync}"), same(check)),
        ],
    })
}

async fn throttlecrab(plan: &Plan, binary: &Path, folder: &Path) -> Outcome<Rival> {
    let address = free_address()?;
    let mut command = plan.cores.for_server(binary);
    command.args(["--http", "--http-host", "127.0.0.1"]);
    command.args(["--http-port", &address.port().to_string(), "--log-level", "warn"]);
    let health = request("GET", "/health", "", None);
    let log = folder.join("throttlecrab.txt");
    let server = Server::start_asking(command, address, &log, Wire::Http, &health).await?;
    // A pace that is never reached, as are our limits.
    let body = json!({"key": "bench", "max_burst": 1_000_000, "count_per_period": 100_000_000, "period": 60});
    let asked = same(request("POST", "/throttle", "", Some(&body)));
    Ok(Rival {
        server,
        asked: vec![("throttlecrab over HTTP, in memory".to_owned(), asked)],
    })
}

/// Where `cargo install` puts it, below the folder that cargo builds in; it is installed there when it is missing.
fn throttlecrab_binary() -> Outcome<PathBuf> {
    let here = std::env::current_exe()?;
    let built = |dir: &&Path| dir.ends_with("release") || dir.ends_with("debug");
    let target = here.parent().filter(built).and_then(Path::parent);
    let root = target
        .ok_or("this binary does not lie where cargo builds")?
        .join("tools");
    let binary = root.join("bin/throttlecrab-server");
    if binary.is_file() {
        return Ok(binary);
    }
    eprintln!("bench: installing throttlecrab-server, once");
    let installed = Command::new("cargo")
        .args(["install", "throttlecrab-server", "--locked", "--root"])
        .arg(&root)
        .env("CARGO_TARGET_DIR", root.join("build"))
        .stdin(Stdio::null())
        .output()?;
    if installed.status.success() {
        return Ok(binary);
    }
    let said = String::from_utf8_lossy(&installed.stderr).into_owned();
    // It says most about what is missing last: protoc, or the way to the registry.
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    let status = installed.status;
    Err(format!(
        "cargo install ended with {status}; it needs protoc: {}",
        last.join(" / ")
    )
    .into())
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn same(bytes: Vec<u8>) -> Asked {
    Asked::Same(Arc::from(bytes))
}

/// A command as Redis reads it.
fn resp(words: &[&str]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_texts() {
        assert_eq!(resp(&["INCR", "used"]), b"*2\r\n$4\r\nINCR\r\n$4\r\nused\r\n");
    }
}
