//! The HTTP API on actix-web: routes, extractors, problem documents, OpenAPI.
//!
//! Every request walks one path, written down in `front`: find the route, pass the `gate` (the order
//! of refusals of docs/adr/0006), read the body, keep the promise of `Idempotency-Key` (`once`), call the
//! action, dress the answer. Business lives in the services; an action parses, calls one of them, renders.
//! Add an action by adding its file and one line in [`routes`]: the page there shows what a file looks like.
//! **Invariant:** nothing is reachable without a row in the route table, which says what it needs.

mod admin;
mod admission;
mod api_keys;
mod audit;
mod auth;
mod billing;
mod body;
mod branding;
mod conditional;
mod cors;
mod credential;
pub mod csv;
mod decimal;
mod domains;
pub mod door;
mod dress;
mod email_domains;
mod entitlements;
pub mod error;
pub mod extract;
#[cfg(test)]
mod fixture;
mod form;
mod front;
mod gate;
mod invitations;
mod join_requests;
mod json;
mod listed;
mod me;
mod names;
mod oauth;
mod observe;
mod once;
mod openapi;
mod operations;
mod origin;
mod ownership;
pub mod pace;
mod paging;
mod plans;
mod problem;
mod quotas;
pub mod render;
mod reservations;
mod roles;
pub mod routes;
mod security;
pub mod server;
mod service_accounts;
mod services;
mod sign_up;
mod slugs;
mod state;
mod support_access;
mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod timezone;
mod trie;
mod usage;
mod users;
mod views;
mod visit;

pub use error::{Answer, ApiError, FieldErrors};
pub use listed::read_import;
pub use origin::{InvalidNetwork, Network};
pub use routes::{Needs, Row};
pub use server::{Running, ServeOptions, service, start};
pub use services::Services;
pub use state::{Api, ApiParts, Health, Settings};
