//! Doubles for this crate's ports: a store in memory that spans all domains, and a house of services over it.
//!
//! A unit works on a copy and a commit replaces the original, unless somebody else committed since the unit began:
//! then it is `Contended`, as in a database. Stores are told to fail with [`FakeLifecycleStore::fail_begin`] and
//! [`FakeLifecycleStore::fail_commit`]. Promises of a real store are the contract suite's.

mod directories;
mod doubles;
mod factors;
pub mod fixture;
mod house;
mod identity;
mod joining;
mod quotas;
mod state;
mod store;
mod tenancy;
mod unit;

pub use doubles::{HeardNewcomers, NoCeremonies, TestCodes, TestHasher, TestSigner, WatchfulGateway};
pub use house::House;
pub use state::{PersonRows, TenantRows};
pub use store::{Commit, FakeLifecycleStore};
