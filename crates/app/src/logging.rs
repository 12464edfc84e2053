//! Where log lines go: standard error, pretty for people, JSON for machines.

mod access;
mod lines;

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use access::{AccessLines, Form};

pub use lines::flush;

use crate::config::{Config, LogFormat};

/// Libraries that speak of what the operator need not know: clients' garbage, their own start. The operator's own
/// directives come after and win.
const QUIET: &str = "actix_http::h1=off,actix_server=warn,sea_orm_migration=warn";

/// Starts logging. A second call in one process changes nothing.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = lines::Lines {
        gathers: lines::start(),
    };
    // Colours are for people, not for files.
    let coloured = std::io::stderr().is_terminal();
    let general = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines)
        .with_ansi(coloured);
    let started = match config.log_format {
        LogFormat::Json => AccessLines {
            inner: general.json().flatten_event(true).finish(),
            form: Form::Json,
            lines,
        }
        .try_init(),
        // Who reads along gets few requests.
        LogFormat::Pretty if coloured => general.compact().finish().try_init(),
        LogFormat::Pretty => AccessLines {
            inner: general.compact().finish(),
            form: Form::Text,
            lines,
        }
        .try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
}
