//! Handing a tenant over: an owner offers, a member takes it, by the link of a mail or signed in.

mod error;
mod service;
#[cfg(test)]
mod tests;

pub use error::OwnershipError;
pub use service::{Handed, OfferOwnership, OwnershipParts, OwnershipService};
