//! Units of work.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::event::Event;

/// A set of writes that lands whole or not at all. Dropping it rolls back.
#[async_trait]
pub trait Transaction: Send {
    /// Makes the writes durable together with the events that describe them, the mails that follow
    /// from them, the notice that empties caches, and the receipt of the scope, if it carries one.
    ///
    /// # Errors
    /// `Conflict(`[`IDEMPOTENCY_KEY_USED`](crate::error::IDEMPOTENCY_KEY_USED)`)` when another request
    /// with the receipt's key landed first; nothing is written then.
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError>;
}
