//! What cargo and the file system say about this workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The folder of the workspace.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned())
}

/// Runs cargo in the workspace and returns what it printed.
pub fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?} failed:\n{complaint}");
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// `cargo metadata` for the platform that runs this test.
pub fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let printed = cargo(&["metadata", "--format-version=1", "--filter-platform", &host()]);
        serde_json::from_str(&printed).expect("cargo metadata is JSON")
    })
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let printed = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
    printed
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host")
        .to_owned()
}

/// A library that is really built here. `cargo metadata` lists more: whatever a feature might bring in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Library {
    pub name: String,
    pub version: String,
    /// An SPDX expression; empty when none is stated.
    pub licence: String,
}

/// Every library we build on, for the program or for its tests.
pub fn libraries() -> &'static [Library] {
    static LIBRARIES: OnceLock<Vec<Library>> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let printed = cargo(&["tree", "--workspace", "--prefix", "none", "--format", "{p}|{l}|"]);
        let mut found: Vec<Library> = printed.lines().filter_map(library).collect();
        found.sort();
        found.dedup();
        assert!(found.len() > 100, "cargo tree shows only {} libraries", found.len());
        found
    })
}

/// Reads `serde v1.0.229|MIT OR Apache-2.0|`; our own packages and empty lines are none.
fn library(line: &str) -> Option<Library> {
    let mut parts = line.split('|');
    let mut package = parts.next()?.split(' ');
    let (name, version) = (package.next()?, package.next()?.strip_prefix('v')?);
    (!name.starts_with("tenantry-")).then(|| Library {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: parts.next().unwrap_or_default().to_owned(),
    })
}

/// Our packages, by folder name: `kernel`, not `tenantry-kernel`.
pub fn members() -> Vec<(&'static str, &'static Value)> {
    array(&metadata()["packages"])
        .iter()
        .filter(|package| package["source"].is_null())
        .map(|package| (short(text(&package["name"])), package))
        .collect()
}

/// The folder name of one of our packages.
pub fn short(name: &str) -> &str {
    name.strip_prefix("tenantry-").unwrap_or(name)
}

/// Every Rust file of ours: its path from the root, and what is in it.
pub fn rust_files() -> &'static [(String, String)] {
    static FILES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut found = Vec::new();
        for top in ["crates", "migrations", "tests"] {
            collect(&root().join(top), &mut found);
        }
        found.sort();
        assert!(found.len() > 50, "the walk found only {} files", found.len());
        found
    })
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, std::fs::read_to_string(&path).expect("sources are UTF-8")));
        }
    }
}

/// The text in a JSON value that must be one.
pub fn text(value: &'static Value) -> &'static str {
    value.as_str().expect("a string")
}

/// The elements of a JSON value that must be a list.
pub fn array(value: &'static Value) -> &'static [Value] {
    value.as_array().expect("a list")
}
