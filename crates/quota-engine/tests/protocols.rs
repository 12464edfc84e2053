//! The protocols of the engine, tried in every order that matters: writers of two nodes on one database, and nodes
//! that count out of slices. Small worlds in every test run; larger ones with `TENANTRY_PROVE=1`, see `just prove`.
//!
//! Each promise is also shown to break when the step that keeps it is left out: a checker that finds nothing there
//! would prove nothing here.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

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

/// Tries everything that can happen in a world; every promise must hold.
fn check<M>(world: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    world.checker().threads(2).spawn_bfs().join().assert_properties();
}

/// Tries it until the promise is broken, as it must be.
fn is_broken_in<M>(world: M, promise: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let checker = world
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([promise].into()));
    let checker = checker.spawn_bfs().join();
    assert!(checker.discovery(promise).is_some(), "{promise} would hold without it");
}
