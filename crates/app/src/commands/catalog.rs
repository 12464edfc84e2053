//! `tenantry catalog check` and `tenantry catalog show`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::catalog;

/// Checks a catalog file; its mistakes go to standard error, each with its line and column.
#[must_use]
pub fn check(file: &Path) -> ExitCode {
    outcome(catalog::check(file, &mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Prints a built-in catalog.
#[must_use]
pub fn show(name: &str) -> ExitCode {
    outcome(catalog::show(name, &mut io::stdout().lock(), &mut io::stderr().lock()))
}

fn outcome(done: io::Result<bool>) -> ExitCode {
    // A reader that has seen enough, such as `head`, is no failure.
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
