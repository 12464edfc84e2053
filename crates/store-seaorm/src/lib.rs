//! Stores every domain in PostgreSQL or SQLite, from the same entities, through SeaORM.
//!
//! [`SeaOrmStore`] opens units; [`SeaOrmUnit`] is one transaction and implements every repository,
//! one file per port (`tenancy/memberships.rs`). Queries start in the fence ([`scope`]), commits write
//! their journal (`journal.rs`), database errors are read once (`error.rs`).
//!
//! **Invariant:** no query reaches a tenant's rows without that tenant's id in its filter, and on
//! PostgreSQL row security refuses it once more. No type of this crate appears in a domain.

mod activity;
mod billing;
mod entity;
mod error;
mod identity;
mod journal;
mod lifecycle;
mod micros;
mod options;
mod quotas;
pub mod scope;
mod search;
mod store;
mod tenancy;
mod unit;

pub use entity::columns;
pub use error::{UNKNOWN_REFERENCE, store_error};
pub use micros::Micros;
pub use options::{Durability, StoreOptions};
pub use scope::{PersonOwned, Platform, TenantOwned};
pub use store::{SeaOrmStore, StorePorts};
pub use unit::SeaOrmUnit;
