//! A member, as their tenant sees them. The id is the membership's: a tenant never learns that, and since when,
//! the person exists elsewhere.

use serde::Serialize;
use tenantry_tenancy::membership::{Membership, MembershipStatus};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A member of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct MemberView {
    /// The membership's id.
    pub id: String,
    /// The address, as this tenant knows it.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// The name, as this tenant knows it.
    #[schema(example = "Ada")]
    pub name: Option<String>,
    /// The role, as the catalog names it.
    #[schema(example = "member")]
    pub role: String,
    /// Permissions beyond the role.
    pub permissions: Vec<String>,
    /// `invited`, `active` or `deactivated`.
    pub status: &'static str,
    /// How the membership came about: `invite`, `sign_up`, `api`, `sso`, `scim`, `domain` or `import`.
    pub source: &'static str,
    /// Where in the organization.
    pub department: Option<String>,
    /// As what.
    pub position: Option<String>,
    /// When they last signed in to this tenant.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
    /// Until when a pending invitation can be accepted.
    #[serde(with = "time::serde::rfc3339::option")]
    pub invitation_expires_at: Option<OffsetDateTime>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl From<&Membership> for MemberView {
    fn from(member: &Membership) -> Self {
        let details = member.details();
        let expires = match member.status() {
            MembershipStatus::Invited { expires_at } => Some(*expires_at),
            _ => None,
        };
        Self {
            id: member.id().to_string(),
            email: details.email.to_string(),
            name: details.name.as_ref().map(ToString::to_string),
            role: details.role.to_string(),
            permissions: details.extra.iter().map(ToString::to_string).collect(),
            status: member.state().as_str(),
            source: member.source().as_str(),
            department: details.department.as_ref().map(ToString::to_string),
            position: details.position.as_ref().map(ToString::to_string),
            last_login_at: member.last_login_at(),
            invitation_expires_at: expires,
            created_at: member.created_at(),
            updated_at: member.updated_at(),
        }
    }
}
