//! Members of a tenant. An invitation is a membership in the state invited.

pub mod error;
pub mod model;
pub mod policy;
pub mod repository;
pub mod service;
pub mod status;
pub mod steps;

pub use error::MemberError;
pub use model::{DetailsChange, Invitation, Membership, MembershipDetails, StoredMembership};
pub use repository::{ALREADY_MEMBER, MembershipFilter, MembershipRepository};
pub use status::{MembershipSource, MembershipState, MembershipStatus, WrongState};
