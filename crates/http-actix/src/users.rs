//! The members of a tenant. `id` is the membership's: a tenant never learns a person's own id.

mod create;
mod change;
mod deactivate;
mod list;
mod reactivate;
mod remove;
mod role;
mod show;

use tenantry_tenancy::membership::Membership;

use crate::prelude::*;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        show::row(),
        change::row(),
        remove::row(),
        role::row(),
        deactivate::row(),
        reactivate::row(),
    ]
}

/// A member.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    id: Uuid,
    #[schema(example = "ada@acme.example")]
    email: String,
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
    #[schema(example = "member")]
    role: String,
    /// Permissions beyond the role.
    #[schema(example = json!(["billing.read"]))]
    permissions: Vec<String>,
    /// `invited`, `active` or `deactivated`.
    #[schema(example = "active")]
    status: &'static str,
    #[schema(example = "Engineering")]
    department: Option<String>,
    #[schema(example = "Analyst")]
    position: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<&Membership> for UserView {
    fn from(member: &Membership) -> Self {
        let details = member.details();
        Self {
            id: member.id().as_uuid(),
            email: details.email.to_string(),
            name: details.name.as_ref().map(ToString::to_string),
            role: details.role.to_string(),
            permissions: details.extra.iter().map(ToString::to_string).collect(),
            status: member.state().as_str(),
            department: details.department.as_ref().map(ToString::to_string),
            position: details.position.as_ref().map(ToString::to_string),
            last_login_at: member.last_login_at(),
            created_at: member.created_at(),
            updated_at: member.updated_at(),
        }
    }
}

/// The member with its tag.
pub(crate) fn answer(member: &Membership) -> actix_web::HttpResponse {
    render::single(member.id().as_uuid(), member.version(), &UserView::from(member))
}
