//! Where values come from: the file, the environment, the flags; each later one wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::keys::{self, KEYS, Key};
use crate::nearest::hint;
use crate::toml_source::{Document, Item, Problems, SourceErrors};

const PREFIX: &str = "TENANTRY_";
/// Variables of the test suites.
const TESTS: &str = "TENANTRY_TEST_";
/// The variable that names the configuration file.
const CONFIG: &str = "TENANTRY_CONFIG";

/// Which file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFile {
    /// None.
    None,
    /// This one; it must be there.
    Named(PathBuf),
    /// This one, if it is there.
    IfPresent(PathBuf),
}

/// What the program was started with.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The file.
    pub file: ConfigFile,
    /// The environment; only `TENANTRY_…` is looked at.
    pub environment: Vec<(String, String)>,
    /// Flags by key: `("listen", "0.0.0.0:80")`.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The environment of this process, `--config` or `TENANTRY_CONFIG` or `./tenantry.toml`, and these flags.
    #[must_use]
    pub fn of_process(config: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, value)| (lossy(name), lossy(value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let named = environment
            .iter()
            .find(|(name, value)| name == CONFIG && !value.is_empty());
        let named = config.or_else(|| named.map(|(_, path)| PathBuf::from(path)));
        let file = named.map_or_else(|| ConfigFile::IfPresent("tenantry.toml".into()), ConfigFile::Named);
        Self {
            file,
            environment,
            flags,
        }
    }
}

fn lossy(text: std::ffi::OsString) -> String {
    text.to_string_lossy().into_owned()
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(String),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => f.write_str(place),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value as it was written, and where.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub text: String,
    pub origin: Origin,
}

/// The last word on every key that somebody set.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    values: BTreeMap<&'static str, Given>,
}

impl Gathered {
    pub fn get(&self, key: &str) -> Option<&Given> {
        self.values.get(key)
    }
}

/// Reads all sources.
///
/// # Errors
/// Unknown keys, files that cannot be read, values of a wrong type.
pub(super) fn gather(sources: &Sources) -> Result<Gathered, ConfigErrors> {
    let mut wrong = Vec::new();
    let mut gathered = Gathered::default();
    for layer in [
        from_file(&sources.file, &mut wrong),
        from_environment(&sources.environment, &mut wrong),
        from_flags(&sources.flags),
    ] {
        gathered.values.extend(layer);
    }
    if wrong.is_empty() {
        Ok(gathered)
    } else {
        Err(ConfigErrors(wrong))
    }
}

type Layer = BTreeMap<&'static str, Given>;

fn from_flags(flags: &[(&'static str, String)]) -> Layer {
    let given = flags.iter().filter_map(|(name, text)| {
        let key = keys::find(name)?;
        let origin = Origin::Flag(key.flag.unwrap_or(key.name));
        Some((
            key.name,
            Given {
                text: text.clone(),
                origin,
            },
        ))
    });
    given.collect()
}

fn from_environment(environment: &[(String, String)], wrong: &mut Vec<String>) -> Layer {
    let mut layer = Layer::new();
    for (variable, value) in environment {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        if variable.starts_with(TESTS) || variable == CONFIG {
            continue;
        }
        let origin = Origin::Variable(variable.clone());
        // Variables are written in capitals; another case is a mistake that would otherwise go unnoticed.
        let in_capitals = name.to_ascii_uppercase() == name;
        let known = key_or_file(&name.to_ascii_lowercase()).filter(|_| in_capitals);
        let Some((key, is_file)) = known else {
            let variables: Vec<String> = KEYS.iter().flat_map(variables).collect();
            let help = hint(variable, variables.iter().map(String::as_str));
            wrong.push(format!("unknown environment variable {variable}{help}"));
            continue;
        };
        // An empty variable is how container files spell "not set".
        if !value.is_empty() {
            take(&mut layer, key, is_file, value, origin, wrong);
        }
    }
    layer
}

fn variables(key: &Key) -> Vec<String> {
    let variable = key.variable();
    let file = key.secret.then(|| format!("{variable}_FILE"));
    std::iter::once(variable).chain(file).collect()
}

fn from_file(file: &ConfigFile, wrong: &mut Vec<String>) -> Layer {
    let (ConfigFile::Named(path) | ConfigFile::IfPresent(path)) = file else {
        return Layer::new();
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && matches!(file, ConfigFile::IfPresent(_)) => {
            return Layer::new();
        }
        Err(cause) => {
            wrong.push(format!("cannot read {}: {cause}", path.display()));
            return Layer::new();
        }
    };
    let mut layer = Layer::new();
    if let Err(mistakes) = read_toml(path, &text, &mut layer, wrong) {
        wrong.extend(mistakes.to_string().lines().map(str::to_owned));
    }
    layer
}

fn read_toml(path: &Path, text: &str, layer: &mut Layer, wrong: &mut Vec<String>) -> Result<(), SourceErrors> {
    let name = path.display().to_string();
    let problems = Problems::new(&name, text);
    {
        let document = Document::parse(text, &problems);
        let root = document.root(&problems);
        let files: Vec<String> = KEYS
            .iter()
            .filter(|key| key.secret)
            .map(|key| format!("{}_file", key.name))
            .collect();
        let known: Vec<&str> = KEYS
            .iter()
            .map(|key| key.name)
            .chain(files.iter().map(String::as_str))
            .collect();
        root.only(&known);
        for (key_name, item) in root.entries() {
            let Some((key, is_file)) = key_or_file(key_name.value) else {
                continue;
            };
            if let Some(value) = plain_text(&item) {
                let (line, column) = problems.position(item.at());
                let origin = Origin::File(format!("{name}:{line}:{column}"));
                take(layer, key, is_file, &value, origin, wrong);
            }
        }
    }
    problems.into_result()
}

/// A value of the file as an environment variable would spell it.
fn plain_text(item: &Item<'_>) -> Option<String> {
    if let Some(number) = item.number_as_written() {
        return Some(number.to_owned());
    }
    if item.is_list() {
        let texts = item.texts();
        let texts: Vec<&str> = texts.iter().map(|text| text.value).collect();
        return Some(texts.join(","));
    }
    item.text().map(|text| text.value.to_owned())
}

/// The key that a name means, and whether the name is its `_file` form.
fn key_or_file(name: &str) -> Option<(&'static Key, bool)> {
    if let Some(key) = keys::find(name) {
        return Some((key, false));
    }
    let key = keys::find(name.strip_suffix("_file")?)?;
    key.secret.then_some((key, true))
}

fn take(layer: &mut Layer, key: &'static Key, is_file: bool, value: &str, origin: Origin, wrong: &mut Vec<String>) {
    let text = if is_file {
        match std::fs::read_to_string(value) {
            Ok(text) => text.trim().to_owned(),
            Err(cause) => {
                wrong.push(format!("{origin}: cannot read {value}: {cause}"));
                return;
            }
        }
    } else {
        value.trim().to_owned()
    };
    if let Some(other) = layer.insert(
        key.name,
        Given {
            text,
            origin: origin.clone(),
        },
    ) {
        wrong.push(format!("{origin} and {}: set one of them", other.origin));
    }
}
