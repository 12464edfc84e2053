//! Who is told when an address is held.

use async_trait::async_trait;
use tenantry_kernel::{EmailAddress, Origin, UserId};

/// Hears that an address is held from now on, once that is committed: where exactly one tenant lets people at its domain in
/// by themselves, the person is a member of it then ([`JoiningService::held`](super::JoiningService::held)).
#[async_trait]
pub trait Newcomers: Send + Sync {
    /// Lets the person in where their address alone does it. The address stays held whatever comes of this: what does
    /// not work now is still suggested.
    async fn newly_held(&self, user: UserId, email: &EmailAddress, origin: &Origin);
}
