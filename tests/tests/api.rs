//! The program over HTTP, as its users meet it: a whole one per test, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "an integration test may stop where it stands"
)]

#[path = "api/abuse.rs"]
mod abuse;
#[path = "api/allowances.rs"]
mod allowances;
#[path = "api/api_keys.rs"]
mod api_keys;
#[path = "api/authorization.rs"]
mod authorization;
#[path = "api/bad_input.rs"]
mod bad_input;
#[path = "api/branding.rs"]
mod branding;
#[path = "api/commands.rs"]
mod commands;
#[path = "api/goldens.rs"]
mod goldens;
#[path = "api/harness.rs"]
mod harness;
#[path = "api/invitations.rs"]
mod invitations;
#[path = "api/joining.rs"]
mod joining;
#[path = "api/logs.rs"]
mod logs;
#[path = "api/members.rs"]
mod members;
#[path = "api/mixed_versions.rs"]
mod mixed_versions;
#[path = "api/moving_in.rs"]
mod moving_in;
#[path = "api/nodes.rs"]
mod nodes;
#[path = "api/ownership.rs"]
mod ownership;
#[path = "api/passwords.rs"]
mod passwords;
#[path = "api/people.rs"]
mod people;
#[path = "api/platform_keys.rs"]
mod platform_keys;
#[path = "api/prove.rs"]
mod prove;
#[path = "api/rates.rs"]
mod rates;
#[path = "api/reference_systems.rs"]
mod reference_systems;
#[path = "api/roles.rs"]
mod roles;
#[path = "api/security_policy.rs"]
mod security_policy;
#[path = "api/service_accounts.rs"]
mod service_accounts;
#[path = "api/sign_in.rs"]
mod sign_in;
#[path = "api/support_access.rs"]
mod support_access;
#[path = "api/tenants.rs"]
mod tenants;
#[path = "api/tokens.rs"]
mod tokens;
#[path = "api/tour.rs"]
mod tour;
#[path = "api/unpaid.rs"]
mod unpaid;
