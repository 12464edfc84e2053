//! The commands of the program, as a shell runs them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{FreshDatabase, Setup, folder, program};

/// What a command said, and whether it succeeded.
pub struct Said {
    pub well: bool,
    pub out: String,
    pub complaint: String,
}

/// A shell in a folder of its own.
pub struct Shell {
    pub settings: Vec<(&'static str, String)>,
    pub folder: PathBuf,
}

impl Shell {
    pub fn new(setup: &Setup, database: Option<&FreshDatabase>) -> Self {
        let folder = folder("shell");
        let mut settings = setup.settings();
        settings.push(("data_dir", folder.join("data").display().to_string()));
        if let Some(database) = database {
            settings.push(("database_url", database.url().to_owned()));
        }
        Self { settings, folder }
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], typed: &str) -> Said {
        let mut child = program(&self.settings, arguments, &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        Said {
            well: ended.status.success(),
            // The test binary says a line of its own first.
            out: out.trim_start().trim_start_matches("running 1 test\n").to_owned(),
            complaint: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A path, for a command line.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
