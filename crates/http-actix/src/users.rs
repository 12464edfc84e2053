//! The members of a tenant. `id` is the membership's: a tenant never learns a person's own id.

mod access;
mod change;
mod create;
mod deactivate;
mod export;
mod import;
mod list;
mod reactivate;
mod remove;
mod role;
mod roles_add;
mod roles_list;
mod roles_remove;
mod show;
mod unlock;

use actix_web::HttpResponse;
use serde::Serialize;
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::role::RoleAssignment;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        import::row(),
        show::row(),
        export::row(),
        change::row(),
        remove::row(),
        role::row(),
        deactivate::row(),
        reactivate::row(),
        unlock::row(),
        roles_list::row(),
        roles_add::row(),
        roles_remove::row(),
        access::row(),
    ]
}

/// A role that a member has beyond the one they carry.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleAssignment)]
struct AssignmentView {
    /// Its id.
    id: String,
    /// The role.
    #[schema(example = "billing_clerk")]
    role: String,
    /// The only thing it holds for; null is everything.
    #[schema(example = "team:sales")]
    resource: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&RoleAssignment> for AssignmentView {
    fn from(given: &RoleAssignment) -> Self {
        Self {
            id: given.id.to_string(),
            role: given.role.to_string(),
            resource: given.resource.as_ref().map(ToString::to_string),
            created_at: given.created_at,
        }
    }
}

/// The member with its tag.
fn answer(member: &Membership) -> HttpResponse {
    render::single(member.id().as_uuid(), member.version(), &MemberView::from(member))
}

#[cfg(test)]
mod tests;
