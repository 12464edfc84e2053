//! The cores: which are the servers', which are the load's.

use std::path::Path;
use std::process::{Command, Stdio};

/// Who runs where. `None` is everywhere.
pub struct Cores {
    all: Option<String>,
    servers: Option<String>,
    load: Option<String>,
    load_threads: usize,
}

impl Cores {
    /// Everybody everywhere.
    pub fn shared() -> Self {
        Self {
            all: None,
            servers: None,
            load: None,
            load_threads: count().div_ceil(2),
        }
    }

    /// Half for the server under load, half for the load; everything shared where that cannot be had.
    pub fn split() -> Self {
        let cores = count();
        let can = Command::new("taskset")
            .arg("-V")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if cores < 2 || !can {
            return Self::shared();
        }
        let half = cores / 2;
        Self {
            all: Some(range(0, cores)),
            servers: Some(range(0, half)),
            load: Some(range(half, cores)),
            load_threads: cores - half,
        }
    }

    /// A command that runs on the servers' cores.
    pub fn for_server(&self, program: &Path) -> Command {
        on(self.servers.as_deref(), program)
    }

    /// A command that runs on all cores, wherever this process runs.
    pub fn for_all(&self, program: &Path) -> Command {
        on(self.all.as_deref(), program)
    }

    /// Moves this process to the load's cores. Call it before there are threads.
    pub fn take_ours(&self) {
        if let Some(list) = &self.load {
            let moved = Command::new("taskset")
                .args(["-cp", list, &std::process::id().to_string()])
                .stdout(Stdio::null())
                .status();
            if !moved.is_ok_and(|status| status.success()) {
                eprintln!("bench: the load shares the servers' cores");
            }
        }
    }

    /// How many threads make load.
    pub const fn load_threads(&self) -> usize {
        self.load_threads
    }

    /// In words.
    pub fn describe(&self) -> String {
        match (&self.servers, &self.load) {
            (Some(servers), Some(load)) => format!("servers on core {servers}, load on core {load}"),
            _ => format!("servers and load share {} cores", count()),
        }
    }
}

fn on(cores: Option<&str>, program: &Path) -> Command {
    match cores {
        Some(list) => {
            let mut command = Command::new("taskset");
            command.args(["-c", list]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn range(from: usize, to: usize) -> String {
    if to - from == 1 {
        from.to_string()
    } else {
        format!("{from}-{}", to - 1)
    }
}

/// What the processor calls itself.
pub fn processor() -> String {
    let known = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = known
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    named.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_named_as_taskset_reads_them() {
        assert_eq!(range(0, 1), "0");
        assert_eq!(range(2, 6), "2-5");
    }
}
