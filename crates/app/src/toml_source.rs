//! Reading TOML so that every complaint names its line and column.
//!
//! A `Document` is read through `Section`s and `Item`s. What is wrong goes to its `Problems` and
//! reading goes on, so that one run lists every mistake of a file. The catalog and `tenantry.toml` share this.

mod item;
mod problems;
mod section;

pub(crate) use item::Item;
pub(crate) use problems::Problems;
pub use problems::{Problem, SourceErrors};
pub(crate) use section::Section;

use toml::de::DeTable;

/// A value and the byte in the file where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<T> {
    pub at: usize,
    pub value: T,
}

impl<T> Placed<T> {
    pub const fn new(at: usize, value: T) -> Self {
        Self { at, value }
    }
}

/// A parsed file.
pub(crate) struct Document<'t> {
    root: DeTable<'t>,
}

impl<'t> Document<'t> {
    /// Parses; syntax errors go to `problems`, and what could be understood is kept.
    pub fn parse(text: &'t str, problems: &Problems<'_>) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            problems.add(error.span().map_or(0, |span| span.start), error.message().trim());
        }
        Self {
            root: root.into_inner(),
        }
    }

    /// The outermost table.
    pub fn root<'d>(&'d self, problems: &'d Problems<'d>) -> Section<'d> {
        Section::new(0, String::new(), &self.root, problems)
    }
}

#[cfg(test)]
mod tests;
