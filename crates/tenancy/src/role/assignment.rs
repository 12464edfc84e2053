//! Further roles of a member, for everything or for one resource.

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Event, Resource, Value, typed_id};

typed_id!(
    /// One further role of a member.
    AssignmentId
);

/// How many further roles a member may have: all are read whenever the member's cache is cold.
pub const MAX_ASSIGNMENTS: usize = 100;

/// The rule "a member has a role once for a resource".
pub const ROLE_ASSIGNED: &str = "role_already_assigned";

/// A role beyond the one that a member carries. It lives and dies with the membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Which one.
    pub id: AssignmentId,
    /// Whose.
    pub membership: MembershipId,
    /// The role's code.
    pub role: Code,
    /// The only resource it holds for; `None` for all.
    pub resource: Option<Resource>,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl RoleAssignment {
    /// The event that tells of it. It happened to the member.
    #[must_use]
    pub fn given(&self) -> Event {
        Event::new("membership.role_assigned", self.membership)
            .set("assignment", self.id.to_string())
            .set("role", self.role.as_str())
            .set("resource", self.resource_text())
    }

    /// The event that tells of its end.
    #[must_use]
    pub fn taken(&self) -> Event {
        Event::new("membership.role_unassigned", self.membership)
            .change("assignment", self.id.to_string(), Value::Null)
            .change("role", self.role.as_str(), Value::Null)
            .change("resource", self.resource_text(), Value::Null)
    }

    fn resource_text(&self) -> Option<String> {
        self.resource.as_ref().map(Resource::to_string)
    }
}
