//! What is wrong with a file, and where.

use std::cell::RefCell;
use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// One sentence: what is wrong and, where it is known, what would be right.
    pub message: String,
}

/// Every mistake of one file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceErrors {
    /// The file as the reader was told.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for SourceErrors {
    /// One line per mistake: `file:line:column: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let Problem { line, column, message } = problem;
            write!(f, "{}:{line}:{column}: {message}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for SourceErrors {}

/// Collects mistakes while a file is read.
#[derive(Debug)]
pub(crate) struct Problems<'t> {
    file: String,
    text: &'t str,
    found: RefCell<Vec<Problem>>,
}

impl<'t> Problems<'t> {
    /// None yet, in this file.
    pub fn new(file: &str, text: &'t str) -> Self {
        Self {
            file: file.to_owned(),
            text,
            found: RefCell::default(),
        }
    }

    /// A mistake at a byte of the file.
    pub fn add(&self, at: usize, message: impl Into<String>) {
        let (line, column) = position(self.text, at);
        let message = message.into();
        self.found.borrow_mut().push(Problem { line, column, message });
    }

    /// Line and column of a byte of the file.
    pub fn position(&self, at: usize) -> (usize, usize) {
        position(self.text, at)
    }

    /// True when there is a mistake so far.
    pub fn any(&self) -> bool {
        !self.found.borrow().is_empty()
    }

    /// The mistakes, in the order of the file; `Ok` when there are none.
    pub fn into_result(self) -> Result<(), SourceErrors> {
        let mut problems = self.found.into_inner();
        problems.sort();
        problems.dedup();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(SourceErrors {
                file: self.file,
                problems,
            })
        }
    }
}

/// Line and column of a byte, counted from 1; columns are characters, not bytes.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
