//! `tenantry catalog`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::catalog;
use crate::config::Config;
use crate::wiring::{self, StartError};

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

/// Makes the configured catalog the installation's. Subscribers keep the editions they bought.
///
/// # Errors
/// [`StartError`].
pub async fn apply(config: &Config) -> Result<(), StartError> {
    let applied = wiring::apply_catalog(config).await?;
    match &applied.before {
        Some(before) => println!("The catalog was {} (edition {}).", before.name, before.hash),
        None => println!("There was no catalog yet."),
    }
    for plan in &applied.published {
        println!("published  {}  {}", plan.code, plan.version);
    }
    println!(
        "The catalog {} is in use; restart the nodes that run another one.",
        config.catalog
    );
    Ok(())
}

fn outcome(done: io::Result<bool>) -> ExitCode {
    // A reader that has seen enough, such as `head`, is no failure.
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
