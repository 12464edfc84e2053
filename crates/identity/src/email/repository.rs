//! Port: where people's addresses are kept.

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::{EmailAddress, StoreError};
use time::OffsetDateTime;

use super::model::{EmailId, OwnedEmail};

/// The rule "a person has an address once".
pub const EMAIL_EXISTS: &str = "email_exists";

/// Addresses of the person the unit is pinned to, the primary one among them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EmailRepository: Send {
    /// All of them, oldest claim first.
    async fn list(&mut self) -> Result<Vec<OwnedEmail>, StoreError>;

    /// `None` when this person has no such address.
    async fn find(&mut self, id: EmailId) -> Result<Option<OwnedEmail>, StoreError>;

    /// Adds a claim. It leads nowhere until it is proved, and keeps the address from nobody.
    ///
    /// # Errors
    /// `Conflict(`[`EMAIL_EXISTS`]`)` when this person has it already.
    async fn insert(&mut self, email: &OwnedEmail) -> Result<(), StoreError>;

    /// The person proved the address: from now on it leads to them. One statement decides: an address that nobody
    /// else has proved is theirs, and of two who prove it at once one wins. Proving it again changes nothing.
    /// Answers who had only claimed it and gives way.
    ///
    /// # Errors
    /// `Conflict(`[`EMAIL_TAKEN`](crate::user::EMAIL_TAKEN)`)` when somebody else has proved it.
    async fn prove(&mut self, email: &OwnedEmail, at: OffsetDateTime) -> Result<Option<UserId>, StoreError>;

    /// Notes that whoever holds the account reads mail at this proved address of theirs; the first time counts. Answers
    /// whether this is it.
    async fn hold(&mut self, email: &EmailAddress, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// Notes since when another address is the primary one in its place; `None` when it is that itself again.
    async fn replace(&mut self, id: EmailId, at: Option<OffsetDateTime>) -> Result<(), StoreError>;

    /// Removes the address; it leads to this person no longer.
    async fn remove(&mut self, email: &OwnedEmail) -> Result<(), StoreError>;

    /// The person's addresses are proved no longer, and whoever proves one has it. For somebody who turned out to be
    /// somebody else.
    async fn release(&mut self) -> Result<(), StoreError>;
}
