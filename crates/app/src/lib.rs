//! The composition root: configuration, catalog files, wiring, workers, the command line.
//!
//! It reads what the operator wants, makes the adapters, and hands them to the use cases. Start with [`cli`]; a program
//! that serves Tenantry beside its own routes starts with [`embed`].
//! **Invariant:** nothing here decides about tenants or money.

pub mod catalog;
pub mod cli;
pub mod commands;
pub mod config;
mod demo;
mod dev_outbox;
pub mod embed;
pub mod logging;
pub mod nearest;
pub mod size;
pub mod toml_source;
pub mod wiring;
pub mod workers;

/// The pages whose Rust is compiled: what they show works.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/embedding.md")]
    struct Embedding;
}
