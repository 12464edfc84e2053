//! Where subscriptions are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use super::model::{Subscription, SubscriptionId};

/// The rule "one live subscription per tenant".
pub const SUBSCRIPTION_ONE_LIVE: &str = "subscription_one_live";

/// Subscriptions of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SubscriptionRepository: Send {
    /// `None` when this tenant has no such subscription.
    async fn find(&mut self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError>;

    /// The one that is not cancelled.
    async fn live(&mut self) -> Result<Option<Subscription>, StoreError>;

    /// The live one, or else the one that was started last.
    async fn latest(&mut self) -> Result<Option<Subscription>, StoreError>;

    /// Refused with `Conflict(`[`SUBSCRIPTION_ONE_LIVE`]`)` when one is already live.
    async fn insert(&mut self, subscription: &Subscription) -> Result<(), StoreError>;

    /// Writes the subscription over the version it was read as, and counts the version up by one.
    /// Refused with `Stale` when the stored version is another.
    async fn update(&mut self, subscription: &Subscription) -> Result<(), StoreError>;
}
