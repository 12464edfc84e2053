//! The storage port of memberships.

use async_trait::async_trait;
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, EmailAddress, Page, PageRequest, StoreError};

use crate::membership::{Membership, MembershipSource, MembershipState};
use crate::role::{AssignmentId, RoleAssignment};

/// The rule "a user is once a member of a tenant, and so is an address".
pub const ALREADY_MEMBER: &str = "already_member";

/// Which members are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembershipFilter {
    /// In this state.
    pub state: Option<MembershipState>,
    /// With this role.
    pub role: Option<Code>,
    /// With this role, or with it for something.
    pub holding: Option<Code>,
    /// Come about like this.
    pub source: Option<MembershipSource>,
    /// Invitations that can be accepted at this moment (true), or cannot any more (false).
    pub acceptable: Option<(bool, OffsetDateTime)>,
    /// Name or address contain this text, whatever its case; `%` and `_` mean themselves.
    pub text: Option<String>,
}

/// Memberships of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MembershipRepository: Send {
    /// `None` when this tenant has no such membership.
    async fn find(&mut self, id: MembershipId) -> Result<Option<Membership>, StoreError>;

    /// The membership of a user, in whatever state.
    async fn find_by_user(&mut self, user: UserId) -> Result<Option<Membership>, StoreError>;

    /// The membership with this address, in whatever state.
    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<Membership>, StoreError>;

    /// Those of these addresses and users that are in the tenant, in whatever state and in no order, in a bounded
    /// number of statements.
    async fn among(&mut self, emails: &[EmailAddress], users: &[UserId]) -> Result<Vec<Membership>, StoreError>;

    /// Memberships that match, oldest first.
    async fn list(&mut self, filter: &MembershipFilter, page: PageRequest) -> Result<Page<Membership>, StoreError>;

    /// Refused with `StoreError::Conflict(ALREADY_MEMBER)` when the user or the address has one, also
    /// under concurrency.
    async fn insert(&mut self, membership: &Membership) -> Result<(), StoreError>;

    /// The same for many, in a bounded number of statements; none is added when one is refused.
    async fn insert_many(&mut self, memberships: &[Membership]) -> Result<(), StoreError>;

    /// Writes every field and counts the stored version up by one.
    /// Refused with `StoreError::Stale` when the stored version is not `membership.version()`.
    async fn update(&mut self, membership: &Membership) -> Result<(), StoreError>;

    /// Writes when the member last signed in, and nothing else: the version stays, and nothing that is remembered of the
    /// member anywhere is void. Refused with `StoreError::Stale` when the stored version is not `membership.version()`.
    async fn note_sign_in(&mut self, membership: &Membership) -> Result<(), StoreError>;

    /// Removes it. Refused with `StoreError::Stale` when the stored version is not `version`.
    async fn delete(&mut self, id: MembershipId, version: i64) -> Result<(), StoreError>;

    /// How many *active* members other than `id` have the role `owner`. Locks their rows until the unit
    /// ends, so that of two owners who leave at once one is refused.
    async fn other_owners(&mut self, owner: &Code, id: MembershipId) -> Result<u64, StoreError>;

    /// The further roles of these members, oldest first.
    async fn assignments(&mut self, members: &[MembershipId]) -> Result<Vec<RoleAssignment>, StoreError>;

    /// Gives a member a further role. Refused with `StoreError::Conflict(ROLE_ASSIGNED)` when they have it for this
    /// resource, also under concurrency. It goes with the membership.
    async fn assign(&mut self, assignment: &RoleAssignment) -> Result<(), StoreError>;

    /// Takes a further role back. Taking what is not there is no error.
    async fn unassign(&mut self, id: AssignmentId) -> Result<(), StoreError>;

    /// How many members carry the role, in whatever state, and how often it is a further role of somebody.
    async fn holders(&mut self, role: &Code) -> Result<u64, StoreError>;

    /// Puts `to` in the place of `from` wherever it is carried or a further role, and counts the versions of those who
    /// carried it up by one. A further role that its member would then have twice goes. Answers how often it stood.
    async fn replace_role(&mut self, from: &Code, to: &Code) -> Result<u64, StoreError>;
}
