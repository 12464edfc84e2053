//! The roles of a tenant, and the permissions that they are made of.
//!
//! A role that the tenant defines is named by its id, one of the installation's by its code: neither ever changes.

mod create;
mod list;
mod permissions;
mod preview;
mod remove;
mod replace;
mod show;

use actix_web::HttpResponse;
use serde::Deserialize;
use tenantry_kernel::{DisplayName, Note};
use tenantry_tenancy::role::service::{RoleRef, RoleText, ShownRole};
use tenantry_tenancy::role::{OwnRole, RoleId};
use utoipa::ToSchema;

use crate::error::{ApiError, FieldErrors};
use crate::render;
use crate::routes::Row;
use crate::views::role::RoleView;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        show::row(),
        replace::row(),
        remove::row(),
        preview::row(),
        permissions::row(),
    ]
}

/// What a role is to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleText, example = json!({"name": "Billing clerk", "permissions": ["invoices.*", "billing.read"]}))]
struct Text {
    /// Its title, which no other role of the tenant has.
    name: String,
    /// One sentence.
    #[serde(default)]
    description: Option<String>,
    /// What it gives: permissions, `area.*` for all of an area, also what comes later, or `*` for all but what only
    /// owners may.
    permissions: Vec<String>,
}

impl Text {
    fn read(self, errors: &mut FieldErrors) -> Option<RoleText> {
        let name = errors.take("name", DisplayName::try_from(self.name));
        let description = errors.given("description", self.description.as_deref().map(Note::try_from));
        name.map(|name| RoleText {
            name,
            description,
            permissions: self.permissions,
        })
    }
}

impl TryFrom<Text> for RoleText {
    type Error = ApiError;

    fn try_from(text: Text) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let text = text.read(&mut errors);
        errors.check()?;
        text.ok_or_else(|| ApiError::internal("a refused field was not noted"))
    }
}

/// Which role a path means. Whatever is no UUID is a code.
fn named(text: String) -> RoleRef {
    let id = Some(text.as_str()).filter(|text| text.len() == 36);
    match id.and_then(|text| text.parse::<RoleId>().ok()) {
        Some(id) => RoleRef::Own(id),
        None => RoleRef::System(text),
    }
}

/// The id whose version `If-Match` names; the installation's roles have none that anybody could change.
fn id_of(which: &RoleRef) -> Option<RoleId> {
    match which {
        RoleRef::Own(id) => Some(*id),
        RoleRef::System(_) => None,
    }
}

/// The role with its tag.
fn answer(role: &ShownRole) -> HttpResponse {
    let view = RoleView::from(role);
    match &role.own {
        Some(own) => render::single(own.id().as_uuid(), OwnRole::version(own), &view),
        // It changes with the catalog and with the program: its tag is made of what it says.
        None => render::single(tenantry_kernel::uuid::Uuid::nil(), view.digest(), &view),
    }
}
