//! Port: where users are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use tenantry_kernel::id::UserId;

use super::model::User;

/// The rule "one user per e-mail address".
pub const EMAIL_TAKEN: &str = "email_taken";

/// The user row of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send {
    /// `None` when there is no such user, or it is not the pinned person.
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Adds the user and makes them findable by address, which is one of their addresses.
    ///
    /// # Errors
    /// `Conflict(`[`EMAIL_TAKEN`]`)`.
    async fn insert(&mut self, user: &User) -> Result<(), StoreError>;

    /// Adds users that nobody could know before, and makes them findable by address, in a bounded number of
    /// statements. Only those whom the unit has been opened to add.
    ///
    /// # Errors
    /// `Conflict(`[`EMAIL_TAKEN`]`)` when one of the addresses is somebody's; none is added then.
    async fn insert_many(&mut self, users: &[User]) -> Result<(), StoreError>;

    /// Stores what changed and raises the version by one. An address that is newly verified leads to them from now on,
    /// also if somebody else had claimed it and not proved it.
    ///
    /// # Errors
    /// `Stale` when the stored version is not the user's, `Conflict(`[`EMAIL_TAKEN`]`)` when somebody else proved the
    /// address meanwhile.
    async fn update(&mut self, user: &User) -> Result<(), StoreError>;

    /// Removes everything that is kept of the person, in whatever table of theirs, and leaves `tombstone` in place of
    /// the user. Nothing leads to them any more.
    ///
    /// # Errors
    /// `Stale` when the stored version is not the tombstone's.
    async fn erase(&mut self, tombstone: &User) -> Result<(), StoreError>;

    /// Removes what logs say of the person, in every tenant and outside: addresses, names, where they called from. The
    /// entries stay, and name them by a mark.
    async fn forget(&mut self) -> Result<(), StoreError>;
}
