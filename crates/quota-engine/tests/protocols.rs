//! The protocols of the engine, tried in every order that matters: writers of two nodes on one database, and nodes
//! that count out of slices. Small worlds in every test run; larger ones with `TENANTRY_PROVE=1`, see `just prove`.
//!
//! Each promise is also shown to break when the step that keeps it is left out: a checker that finds nothing there
//! would prove nothing here.

#[expect(
    clippy::indexing_slicing,
    reason = "a model whose index is wrong has found something"
)]
#[path = "protocols/group_commit.rs"]
mod group_commit;
#[expect(
    clippy::indexing_slicing,
    reason = "a model whose index is wrong has found something"
)]
#[path = "protocols/leases.rs"]
mod leases;

/// True for the large worlds.
fn proving() -> bool {
    std::env::var_os("TENANTRY_PROVE").is_some()
}
