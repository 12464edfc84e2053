//! POST /tenants/{tenant}/roles/{id}/preview

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_tenancy::permissions::ROLES_MANAGE;
use tenantry_tenancy::role::preview::{Preview, Shift};
use tenantry_tenancy::role::service::{Foreseen, RoleService};
use utoipa::ToSchema;

use super::{Text, named};
use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, JsonBody, PathText};
use crate::render;
use crate::routes::Row;

/// A change to a role that is only thought of: what PUT would say, or that it would be removed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForeseenRole, example = json!({"name": "Billing clerk", "permissions": ["billing.read"]}))]
struct Body {
    /// Its title.
    #[serde(default)]
    name: Option<String>,
    /// One sentence.
    #[serde(default)]
    description: Option<String>,
    /// What it would give.
    #[serde(default)]
    permissions: Option<Vec<String>>,
    /// True to see what removing it would do.
    #[serde(default)]
    delete: bool,
    /// What its holders would get in its place.
    #[serde(default)]
    replace_with: Option<String>,
}

impl TryFrom<Body> for Foreseen {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        if body.delete {
            for (field, given) in [
                ("name", body.name.is_some()),
                ("description", body.description.is_some()),
                ("permissions", body.permissions.is_some()),
            ] {
                if given {
                    errors.add(field, "not_with_delete", "a role that is removed says nothing");
                }
            }
            errors.check()?;
            return Ok(Self::Deleted {
                replacement: body.replace_with,
            });
        }
        if body.replace_with.is_some() {
            errors.add(
                "replace_with",
                "not_without_delete",
                "only a role that is removed is replaced",
            );
        }
        if body.name.is_none() {
            errors.add("name", "missing_field", "must be given");
        }
        if body.permissions.is_none() {
            errors.add("permissions", "missing_field", "must be given");
        }
        let text = Text {
            name: body.name.unwrap_or_else(|| "-".to_owned()),
            description: body.description,
            permissions: body.permissions.unwrap_or_default(),
        };
        let text = text.read(&mut errors);
        errors.check()?;
        let text = text.ok_or_else(|| ApiError::internal("a refused field was not noted"))?;
        Ok(Self::Rewritten(text))
    }
}

/// What a change to a role would do.
#[derive(Serialize, ToSchema)]
#[schema(as = RolePreview)]
struct View {
    /// How many members have the role, in whatever state.
    #[schema(example = 20)]
    holders: u64,
    /// How many of them could do something else than now.
    #[schema(example = 14)]
    affected: u64,
    /// What would be gained and lost, by permission.
    changes: Vec<ShiftView>,
}

/// What members would gain or lose.
#[derive(Serialize, ToSchema)]
#[schema(as = PermissionShift)]
struct ShiftView {
    /// The permission.
    #[schema(example = "invoices.read")]
    permission: String,
    /// `gain` or `lose`.
    #[schema(example = "lose")]
    effect: &'static str,
    /// How many members.
    #[schema(example = 14)]
    members: u64,
    /// How many of them for some resources alone.
    #[schema(example = 0)]
    narrowed: u64,
    /// In one sentence.
    #[schema(example = "14 members lose invoices.read")]
    summary: String,
    /// The first 20 of them.
    sample: Vec<NamedView>,
}

/// A member by name.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedUser)]
struct NamedView {
    /// The membership's id.
    id: String,
    /// The address.
    #[schema(example = "ada@acme.example")]
    email: String,
}

impl From<Preview> for View {
    fn from(preview: Preview) -> Self {
        Self {
            holders: preview.holders,
            affected: preview.affected,
            changes: preview.changes.into_iter().map(ShiftView::from).collect(),
        }
    }
}

impl From<Shift> for ShiftView {
    fn from(shift: Shift) -> Self {
        let (effect, verb) = match (shift.gained, shift.members) {
            (true, 1) => ("gain", "member gains"),
            (true, _) => ("gain", "members gain"),
            (false, 1) => ("lose", "member loses"),
            (false, _) => ("lose", "members lose"),
        };
        Self {
            summary: format!("{} {verb} {}", shift.members, shift.permission),
            permission: shift.permission.to_string(),
            effect,
            members: shift.members,
            narrowed: shift.narrowed,
            sample: shift
                .named
                .into_iter()
                .map(|named| NamedView {
                    id: named.id.to_string(),
                    email: named.email.to_string(),
                })
                .collect(),
        }
    }
}

/// Shows who would gain and lose what if the role were rewritten, or removed. Nothing is written.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/roles/{id}/preview", operation_id = "roles_preview",
    tag = "roles", request_body = Body, responses((status = 200, description = "What would change.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathText(which): PathText,
    roles: Data<RoleService>,
) -> Answer {
    let preview = roles.preview(&scope, &named(which), body.try_into()?).await?;
    Ok(render::ok(&View::from(preview)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([ROLES_MANAGE])
        .refuses(404, "not_found")
        .refuses(409, "system_role")
}
