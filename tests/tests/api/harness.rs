//! A whole program per test, and what tests say to it.
//!
//! [`on_each_database`] is where to start. The program stands on a database of its own, with a data directory of
//! its own and a clock that moves only when told ([`Node::clock`]), and does its background work meanwhile.

#[path = "harness/caller.rs"]
mod caller;
#[path = "harness/chromium.rs"]
mod chromium;
#[path = "harness/dns.rs"]
mod dns;
#[path = "harness/documented.rs"]
mod documented;
#[path = "harness/factors.rs"]
mod factors;
#[path = "harness/node.rs"]
mod node;
#[path = "harness/people.rs"]
mod people;
#[path = "harness/process.rs"]
mod process;
#[path = "harness/shell.rs"]
mod shell;
#[path = "harness/walk.rs"]
mod walk;

pub use caller::{Caller, Reply};
pub use chromium::Chromium;
pub use dns::Dns;
pub use documented::refusals;
pub use factors::{App, code_at, has_python, register_passkey};
pub use node::{Node, Setup, eventually, folder, on_each_database, token_sent_to};
pub use people::{Owner, PASSWORD};
pub use process::{Process, program};
pub use shell::{Shell, text};
pub use walk::{NOWHERE, call, everything, is_operators, path, told};

/// Databases, for tests that need more than one, or a certain one.
pub use tenantry_test_support::{Engine, FreshDatabase};
