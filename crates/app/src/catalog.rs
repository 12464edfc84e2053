//! Catalogs as files: reading, checking and printing them.
//!
//! The format is described in `docs/catalog.md`. Every mistake of a file is reported at once, each with its line and
//! column. What is read becomes a [`lifecycle` catalog](Catalog); nothing else in the program knows TOML.

mod amounts;
mod builtin;
mod document;
mod fingerprint;
mod head;
mod limits;
mod meters;
mod plans;
mod prices;
mod print;
mod rates;
mod roles;
mod words;

use std::path::{Path, PathBuf};

use tenantry_lifecycle::catalog::{ArchivedPlan, Catalog};

use crate::toml_source::{Document, Problem, Problems, SourceErrors};

pub use builtin::{BUILT_IN, built_in};
pub use document::{CorruptEdition, restore};
pub use print::{check, show, summary};

/// A catalog that was read, and its editions as the archive keeps them.
#[derive(Clone, Debug)]
pub struct LoadedCatalog {
    /// What this installation sells.
    pub catalog: Catalog,
    /// The current edition of each plan.
    pub editions: Vec<ArchivedPlan>,
}

impl LoadedCatalog {
    /// The catalog, knowing every edition that the archive keeps.
    ///
    /// # Errors
    /// [`CorruptEdition`] when an archived document is not what was published.
    pub fn with_archived(self, archived: &[ArchivedPlan]) -> Result<Catalog, CorruptEdition> {
        let earlier = archived.iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(self.catalog.with_earlier(earlier))
    }
}

/// Why there is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file has mistakes.
    #[error(transparent)]
    Mistakes(#[from] SourceErrors),
    /// The file cannot be read.
    #[error("cannot read the catalog {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// Neither a built-in catalog nor a path.
    #[error("there is no built-in catalog \"{name}\"{hint}; built in are {}; a path to a file contains '/' or ends in .toml", BUILT_IN.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// Did you mean, or nothing.
        hint: String,
    },
}

/// The catalog that a configuration names: a built-in one, or a file.
///
/// # Errors
/// [`LoadError`].
pub fn load(choice: &str) -> Result<LoadedCatalog, LoadError> {
    if let Some(text) = built_in(choice) {
        return Ok(parse(&format!("{choice}.toml"), text)?);
    }
    let names_a_file = choice.contains(['/', '\\']) || choice.to_ascii_lowercase().ends_with(".toml");
    if !names_a_file {
        let hint = crate::nearest::hint(choice, BUILT_IN.iter().copied());
        let name = choice.to_owned();
        return Err(LoadError::Unknown { name, hint });
    }
    load_file(Path::new(choice))
}

/// The catalog in a file.
///
/// # Errors
/// [`LoadError`].
pub fn load_file(file: &Path) -> Result<LoadedCatalog, LoadError> {
    let text = std::fs::read_to_string(file).map_err(|cause| LoadError::Unreadable {
        file: file.to_owned(),
        cause,
    })?;
    Ok(parse(&file.display().to_string(), &text)?)
}

/// The catalog in a text; `file` is how messages name it.
///
/// # Errors
/// [`SourceErrors`] lists every mistake.
pub fn parse(file: &str, text: &str) -> Result<LoadedCatalog, SourceErrors> {
    let problems = Problems::new(file, text);
    let loaded = {
        let document = Document::parse(text, &problems);
        // After a syntax error the rest is guesswork: its mistakes would not be the author's.
        if problems.any() {
            None
        } else {
            head::read(&document.root(&problems))
        }
    };
    problems.into_result()?;
    // Without a mistake every part was read; should one be missing all the same, that is said.
    loaded.ok_or_else(|| SourceErrors {
        file: file.to_owned(),
        problems: vec![Problem {
            line: 1,
            column: 1,
            message: "the catalog is not complete".to_owned(),
        }],
    })
}

#[cfg(test)]
mod tests;
