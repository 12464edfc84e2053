//! Tenants, their members and roles, their domains, and the gate.
//!
//! **Invariants:** a tenant has at least one active owner once it is founded; nobody grants what they
//! lack; a slug and a verified host name belong to one tenant. A scope is minted by [`gate::Gate`] only.
//! Seats are counted elsewhere: this crate decides who may be a member, not how many may.
//! Start with [`gate`], then [`membership::policy`].

pub mod branding;
pub mod directory;
pub mod domain;
pub mod gate;
pub mod host;
pub mod joining;
pub mod locale;
pub mod mail_domain;
pub mod membership;
pub mod ownership;
pub mod permissions;
pub mod role;
pub mod security;
pub mod store;
pub mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
