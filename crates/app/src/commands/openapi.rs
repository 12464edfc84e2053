//! `tenantry openapi`.

use std::process::ExitCode;

/// Prints the OpenAPI document.
#[must_use]
pub fn run() -> ExitCode {
    println!("{}", tenantry_http_actix::routes::document());
    ExitCode::SUCCESS
}
