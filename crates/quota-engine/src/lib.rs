//! Counts usage: group commit over the ledger, leased slices for calls, rates and places in memory.
//!
//! [`group_commit`] turns many operations into one transaction and answers each of them when it is
//! durable. [`leased`] counts calls out of slices that were counted there first. [`pace`] holds callers
//! to calls per minute, [`places`] to calls at once.
//! **Invariant:** what is granted is decided in `tenantry-quotas`, never here, and acknowledged when it is durable.

pub mod group_commit;
pub mod leased;
pub mod pace;
pub mod places;
mod plan;
#[cfg(test)]
mod testing;

pub use group_commit::{EngineOptions, GroupCommitCounter};
pub use leased::LeasedRequests;
pub use pace::PaceKeeper;
pub use places::PlaceKeeper;
