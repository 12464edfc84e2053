//! What a tenant subscribed to: one live subscription, its terms, its period and what comes next.

mod model;
mod repository;
mod service;

pub use model::{
    BrokenSubscription, Parts, Prepaid, Quantity, QuantityOutOfRange, ScheduledChange, Status, Subscription,
    SubscriptionId, SubscriptionRule, Terms, Transition,
};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockSubscriptionRepository;
pub use repository::{SUBSCRIPTION_ONE_LIVE, SubscriptionRepository};
pub use service::{CancelSubscription, CancelWhen, SubscriptionError, SubscriptionService};
