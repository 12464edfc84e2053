//! Coming in by an address at a proved domain: requests that wait for a decision, and whom a tenant removed.

mod directory;
mod model;
pub(crate) mod repository;

pub use directory::{JoinDirectory, JoinRequestPurge};
pub use model::{JoinRequest, JoinRequestId, RequestState, StoredJoinRequest};
pub use repository::{JOIN_REQUESTED, JoinRequestRepository};
