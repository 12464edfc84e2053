//! The composition root: configuration, catalog files, wiring, workers, the command line.
//!
//! Nothing here decides about tenants or money; it reads what the operator wants, makes the adapters, and hands them
//! to the use cases. Start with [`cli`].

pub mod catalog;
pub mod cli;
pub mod commands;
pub mod config;
mod demo;
mod dev_outbox;
pub mod logging;
pub mod nearest;
pub mod size;
pub mod toml_source;
pub mod wiring;
pub mod workers;
