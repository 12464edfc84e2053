//! GET /tenants/{tenant}/users/{id}/access: what a member may do, and why.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_kernel::{MembershipId, Resource};
use tenantry_tenancy::permissions::MEMBERS_READ;
use tenantry_tenancy::role::Grant;
use tenantry_tenancy::role::access::{AccessService, Answer as Told};
use tenantry_tenancy::role::why::{Held, Reason};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, FieldErrors};
use crate::extract::{InTenant, PathId, Query};
use crate::render;
use crate::routes::Row;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// The permission asked about, in any spelling; everything when absent.
    permission: Option<String>,
    /// To what it would be done, as kind and id: `team:sales`.
    resource: Option<String>,
}

/// What a member may do. With a permission asked about, whether and why; without, all of it and whence.
#[derive(Serialize, ToSchema)]
#[schema(as = Access)]
struct View {
    /// The permission asked about; null for all.
    #[schema(example = "invoices.read")]
    permission: Option<String>,
    /// The thing asked about.
    #[schema(example = json!(null))]
    resource: Option<String>,
    /// Whether they may, now; without a permission, whether they may do anything at all.
    #[schema(example = true)]
    allowed: bool,
    /// Why, or why not.
    reasons: Vec<ReasonView>,
    /// All that their roles give, when nothing was asked about.
    permissions: Vec<HeldView>,
}

/// One thing that a member may do.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldPermission)]
struct HeldView {
    /// The permission.
    #[schema(example = "invoices.read")]
    permission: String,
    /// True when it holds for some things alone.
    #[schema(example = false)]
    narrowed: bool,
    /// What gives it.
    sources: Vec<ReasonView>,
}

/// Why a member may, or may not.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessReason)]
struct ReasonView {
    /// What gives it: `role`, `extra_permission`, `assignment`. What stands against it: `tenant_suspended`,
    /// `not_active`, `unknown_role`, `narrowed_elsewhere`, `not_granted`.
    #[schema(example = "role")]
    kind: &'static str,
    /// The role.
    #[schema(example = "billing_clerk")]
    role: Option<String>,
    /// Through which of the role's permissions: itself, `area.*`, or `*`. Null for the installation's roles.
    #[schema(example = "invoices.*")]
    through: Option<String>,
    /// The further role that is meant.
    #[schema(example = json!(null))]
    assignment: Option<String>,
    /// What that is narrowed to.
    #[schema(example = json!(null))]
    resource: Option<String>,
    /// What the membership is, when it is not active.
    #[schema(example = json!(null))]
    status: Option<&'static str>,
    /// The roles that would give it.
    #[schema(example = json!([]))]
    would: Vec<String>,
    /// In one sentence.
    #[schema(example = "the role billing_clerk gives it through invoices.*")]
    detail: String,
}

impl ReasonView {
    fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            role: None,
            through: None,
            assignment: None,
            resource: None,
            status: None,
            would: Vec::new(),
            detail: detail.into(),
        }
    }
}

/// ` through invoices.*`, or nothing.
fn through(grant: Option<&Grant>) -> String {
    grant.map(|grant| format!(" through {grant}")).unwrap_or_default()
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        match reason {
            Reason::Role { role, through: grant } => Self {
                role: Some(role.to_string()),
                through: grant.as_ref().map(ToString::to_string),
                ..Self::new("role", format!("the role {role} gives it{}", through(grant.as_ref())))
            },
            Reason::Extra => Self::new("extra_permission", "it is given to this member beyond their role"),
            Reason::Assignment {
                id,
                role,
                resource,
                through: grant,
            } => {
                let where_to = resource.as_ref().map(|to| format!(" for {to}")).unwrap_or_default();
                let how = through(grant.as_ref());
                Self {
                    role: Some(role.to_string()),
                    through: grant.as_ref().map(ToString::to_string),
                    assignment: Some(id.to_string()),
                    resource: resource.as_ref().map(ToString::to_string),
                    ..Self::new("assignment", format!("the further role {role} gives it{where_to}{how}"))
                }
            }
            Reason::TenantSuspended => Self::new("tenant_suspended", "the tenant is suspended"),
            Reason::NotActive { state } => Self {
                status: Some(state.as_str()),
                ..Self::new("not_active", format!("the membership is {}", state.as_str()))
            },
            Reason::UnknownRole { role } => Self {
                role: Some(role.to_string()),
                ..Self::new(
                    "unknown_role",
                    format!("the role {role} no longer exists and gives nothing"),
                )
            },
            Reason::Elsewhere { id, role, resource } => Self {
                role: Some(role.to_string()),
                assignment: Some(id.to_string()),
                resource: Some(resource.to_string()),
                ..Self::new(
                    "narrowed_elsewhere",
                    format!("the further role {role} gives it for {resource} only"),
                )
            },
            Reason::NotGranted { would } => {
                let names: Vec<String> = would.iter().map(ToString::to_string).collect();
                let detail = if names.is_empty() {
                    "nothing gives it, and no role would".to_owned()
                } else {
                    format!("nothing gives it; these roles would: {}", names.join(", "))
                };
                Self {
                    would: names,
                    ..Self::new("not_granted", detail)
                }
            }
        }
    }
}

impl From<&Held> for HeldView {
    fn from(held: &Held) -> Self {
        let for_some = |source: &Reason| matches!(source, Reason::Assignment { resource: Some(_), .. });
        Self {
            permission: held.permission.to_string(),
            narrowed: held.sources.iter().all(for_some),
            sources: held.sources.iter().map(ReasonView::from).collect(),
        }
    }
}

impl From<&Told> for View {
    fn from(told: &Told) -> Self {
        match told {
            Told::One {
                permission,
                resource,
                verdict,
            } => Self {
                permission: Some(permission.to_string()),
                resource: resource.as_ref().map(ToString::to_string),
                allowed: verdict.allowed,
                reasons: verdict.reasons.iter().map(ReasonView::from).collect(),
                permissions: Vec::new(),
            },
            Told::All { held, barred } => Self {
                permission: None,
                resource: None,
                allowed: barred.is_empty() && !held.is_empty(),
                reasons: barred.iter().map(ReasonView::from).collect(),
                permissions: held.iter().map(HeldView::from).collect(),
            },
        }
    }
}

/// Answers whether a member may do something and why, or all that they may do.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users/{id}/access", operation_id = "users_access", tag = "users",
    params(Question), responses((status = 200, description = "The answer.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    Query(question): Query<Question>,
    PathId(id): PathId<MembershipId>,
    access: Data<AccessService>,
) -> Answer {
    let mut errors = FieldErrors::default();
    let resource = errors.given("resource", question.resource.as_deref().map(Resource::try_from));
    if question.resource.is_some() && question.permission.is_none() {
        errors.add("permission", "missing_field", "say what is to be done to the resource");
    }
    errors.check()?;
    let told = access
        .explain(&scope, id, question.permission.as_deref(), resource)
        .await?;
    Ok(render::ok(&View::from(&told)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ])
}
