//! Servers as processes of their own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::client::{Client, Wire, request};

/// A server that never gets ready is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// The kernel counts processor time in hundredths of a second, whatever its own clock.
const TICK: Duration = Duration::from_millis(10);

/// The program to measure.
pub fn program(named: Option<PathBuf>) -> Outcome<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join("tenantry"));
    let program = named.or_else(beside).unwrap_or_default();
    if program.is_file() {
        return Ok(std::path::absolute(program)?);
    }
    Err(format!(
        "there is no {}: build it with `cargo build --profile dist --workspace`, or name it with --binary",
        program.display()
    )
    .into())
}

/// An address that nobody listens on now.
pub fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A server at work. It ends with its value.
pub struct Server {
    child: Child,
    address: SocketAddr,
    wire: Wire,
    ready_after: Duration,
}

impl Server {
    /// Starts it and waits until `/readyz` says 200.
    pub async fn start(command: Command, address: SocketAddr, log: &Path) -> Outcome<Self> {
        let question = request("GET", "/readyz", "", None);
        Self::start_asking(command, address, log, Wire::Http, &question).await
    }

    /// The same for one that speaks another language, or is ready when it answers something else.
    pub async fn start_asking(
        mut command: Command,
        address: SocketAddr,
        log: &Path,
        wire: Wire,
        question: &[u8],
    ) -> Outcome<Self> {
        let log = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let began = Instant::now();
        let mut server = Self {
            child: command.spawn()?,
            address,
            wire,
            ready_after: Duration::ZERO,
        };
        loop {
            if let Ok(mut client) = server.client().await
                && matches!(client.status_of(question).await, Ok(200))
            {
                server.ready_after = began.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended at once: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err("the server does not get ready".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// A connection to it.
    pub async fn client(&self) -> std::io::Result<Client> {
        Client::connect_speaking(self.wire, self.address).await
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From before the process existed to the first 200.
    pub const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Processor time so far, in user and kernel.
    pub fn cpu_time(&self) -> Duration {
        let line = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        TICK * ticks(&line).unwrap_or(0)
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1_024
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> Outcome<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        if !asked.success() {
            return Err("the server could not be told to stop".into());
        }
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                return Err("the server does not stop".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The 14th and 15th field of `/proc/<pid>/stat`; the name before them may contain anything but a last bracket.
fn ticks(line: &str) -> Option<u32> {
    let (_, after) = line.rsplit_once(") ")?;
    let mut fields = after.split(' ').skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let kernel: u32 = fields.next()?.parse().ok()?;
    user.checked_add(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let line = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";

        assert_eq!(ticks(line), Some(300));
        assert_eq!(ticks("7 (x) S 1"), None);
    }
}
