//! `tenantry`: one binary for the server and its tools.

use std::process::ExitCode;

use clap::Parser as _;
use tenantry_app::cli::{Cli, run};
use tenantry_app::logging;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let code = run(Cli::parse()).await;
    logging::flush();
    code
}
