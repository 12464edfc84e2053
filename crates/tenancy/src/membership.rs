//! Members of a tenant. An invitation is a membership in the state invited.

pub mod error;
pub mod model;
pub mod policy;
pub mod repository;
pub mod service;
pub mod steps;

pub use error::MemberError;
pub use model::{
    DetailsChange, Invitation, Membership, MembershipDetails, MembershipState, MembershipStatus, StoredMembership,
    WrongState,
};
pub use repository::{ALREADY_MEMBER, MembershipFilter, MembershipRepository};
