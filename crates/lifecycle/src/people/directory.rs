//! Port: all people, as operators list them and as the worker finds out whom to look after.

use tenantry_identity::user::UserStatus;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Page, PageRequest, StoreError, SystemScope, TenantId, UserId, async_trait};

/// Whom an operator looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFilter {
    /// An id, one of their addresses in full, or a part of the name or of the primary address, whatever its case.
    pub text: Option<String>,
    /// `active`, `disabled` or `erased`.
    pub status: Option<&'static str>,
}

/// A person, as a list shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonCard {
    /// Who.
    pub id: UserId,
    /// The primary address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they proved that address.
    pub email_verified: bool,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// The role over the installation, by its own name.
    pub platform_role: Option<String>,
    /// In how many tenants they are, whatever the states of the memberships.
    pub tenants: u64,
    /// The last success.
    pub last_login_at: Option<OffsetDateTime>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When all that is known of them is to be erased, if it is.
    pub erase_at: Option<OffsetDateTime>,
    /// Whom they turned out to be, if two accounts were merged.
    pub merged_into: Option<UserId>,
}

/// Looks across people in a fixed number of statements. It reads what a list shows and no more: no hash, no session.
#[async_trait]
pub trait PersonDirectory: Send + Sync {
    /// People that match, oldest first.
    async fn people(
        &self,
        scope: &SystemScope,
        filter: &PersonFilter,
        page: PageRequest,
    ) -> Result<Page<PersonCard>, StoreError>;

    /// People who are to be erased at `now` or were before, longest overdue first.
    async fn departing(&self, scope: &SystemScope, now: OffsetDateTime, limit: u16) -> Result<Vec<UserId>, StoreError>;

    /// Accounts that were merged into this one.
    async fn merged_into(&self, scope: &SystemScope, user: UserId) -> Result<Vec<UserId>, StoreError>;

    /// Tenants whose bills go to one of these addresses.
    async fn billed_at(&self, scope: &SystemScope, emails: &[EmailAddress]) -> Result<Vec<TenantId>, StoreError>;
}
