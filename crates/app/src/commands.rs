//! What each command of the program does.

pub mod admin;
pub mod billing;
pub mod catalog;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod serve;

use std::process::ExitCode;

use crate::wiring::StartError;

/// Prints an error with everything it came from, as people read it.
pub fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("tenantry: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

/// Ends a command.
#[must_use]
pub fn finish(outcome: Result<(), StartError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}
