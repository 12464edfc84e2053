//! What follows when an address is held.

use std::error::Error;
use std::sync::Arc;

use tenantry_kernel::{EmailAddress, Origin, UserId, async_trait};
use tenantry_lifecycle::joining::{JoiningService, Newcomers};

/// [`Newcomers`] who join by their domain.
pub(super) struct ByDomain(pub Arc<JoiningService>);

#[async_trait]
impl Newcomers for ByDomain {
    async fn newly_held(&self, user: UserId, email: &EmailAddress, origin: &Origin) {
        if let Err(cause) = self.0.held(user, email, origin.clone()).await {
            tracing::warn!(
                error = &cause as &dyn Error,
                "a person could not be let in by their address"
            );
        }
    }
}
