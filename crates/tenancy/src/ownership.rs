//! Handing a tenant over: an owner offers it to a member, who takes it or not. The use cases are the lifecycle's, since
//! the offer is mailed to a person.

pub mod model;
pub mod repository;

pub use model::{OwnershipTransfer, OwnershipTransferId};
pub use repository::{OwnershipRepository, TRANSFER_PENDING};
