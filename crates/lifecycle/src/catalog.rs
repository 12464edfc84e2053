//! The catalog: what this installation sells, and under which names and rules.
//!
//! A catalog is read once when the program starts and never changes while it runs. Subscribers keep the edition
//! of the plan that they bought: earlier editions come back from the [`PlanArchive`]. How a catalog is written
//! down is not known here; the program reads it.
//!
//! **Invariant:** whatever an offer names — meters, features, currencies — its catalog declares.

mod apply;
mod archive;
mod book;
mod editions;
mod offer;
mod parts;
mod rates;
mod rules;

pub use apply::{Applied, ApplyError, apply, open};
pub use archive::{ArchivedPlan, CatalogState, PlanArchive};
pub use book::Catalog;
pub use offer::{Offer, Retention};
pub use parts::{ApplicationPermission, CatalogError, CatalogParts, Feature, PlatformRoleName};
pub use rates::EditionRates;
pub use rules::Dunning;
pub use tenantry_identity::api_key::KeyRules;

#[cfg(test)]
mod tests;
