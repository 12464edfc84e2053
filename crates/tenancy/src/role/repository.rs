//! The storage port of a tenant's own roles.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use crate::role::{OwnRole, RoleId};

/// How many roles a tenant may define: they are read whole whenever its cache is cold.
pub const MAX_ROLES: u16 = 100;

/// The rule "a code and a title name one role of a tenant", however they are spelled.
pub const ROLE_NAME_TAKEN: &str = "role_name_taken";
/// The rule "a number is one role's": with numbers below [`MAX_ROLES`] it bounds how many there are.
pub const ROLE_SLOT_TAKEN: &str = "role_slot_taken";

/// The roles that one tenant defines.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RoleRepository: Send {
    /// All of them, oldest first: never more than [`MAX_ROLES`].
    async fn all(&mut self) -> Result<Vec<OwnRole>, StoreError>;

    /// The same, and none of them changes or goes until the unit ends: for whoever gives one to a member. A unit that
    /// only reads cannot hold.
    async fn hold(&mut self) -> Result<Vec<OwnRole>, StoreError>;

    /// `None` when this tenant has no such role.
    async fn find(&mut self, id: RoleId) -> Result<Option<OwnRole>, StoreError>;

    /// Refused with `StoreError::Conflict(ROLE_NAME_TAKEN)` when a role of the tenant has the code or the title in any
    /// spelling, with `StoreError::Conflict(ROLE_SLOT_TAKEN)` when one has the number; also under concurrency.
    async fn insert(&mut self, role: &OwnRole) -> Result<(), StoreError>;

    /// Writes title, description and permissions and counts the stored version up by one.
    /// Refused with `StoreError::Stale` when the stored version is not `role.version()`, and with
    /// `StoreError::Conflict(ROLE_NAME_TAKEN)`.
    async fn update(&mut self, role: &OwnRole) -> Result<(), StoreError>;

    /// Removes it, once nobody holds it any more (see [`RoleRepository::hold`]): whoever asks afterwards who carries it
    /// misses nobody. Refused with `StoreError::Stale` when the stored version is not `version`.
    async fn delete(&mut self, id: RoleId, version: i64) -> Result<(), StoreError>;
}
