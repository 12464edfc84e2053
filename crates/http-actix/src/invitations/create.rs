//! POST /tenants/{tenant}/invitations: invites somebody by mail.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::text::Note;
use tenantry_kernel::{DisplayName, EmailAddress, Locale};
use tenantry_lifecycle::members::{AddMember, InvitationDays, MembersService};
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

/// Somebody to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invite, example = json!({"email": "grace@acme.example", "role": "member"}))]
struct Body {
    /// Their address.
    email: String,
    /// Their role, in any of its spellings.
    role: String,
    /// What they are called.
    #[serde(default)]
    name: Option<String>,
    /// Where in the organization.
    #[serde(default)]
    department: Option<String>,
    /// As what.
    #[serde(default)]
    position: Option<String>,
    /// A sentence for the mail.
    #[serde(default)]
    message: Option<String>,
    /// Their language; the tenant's when absent.
    #[serde(default)]
    #[schema(example = "ja")]
    locale: Option<String>,
    /// For how many days they can accept, 1 to 30; as the catalog says when absent.
    #[serde(default)]
    #[schema(example = 7)]
    expires_in_days: Option<i64>,
    /// Permissions beyond the role.
    #[serde(default)]
    permissions: Vec<String>,
}

impl TryFrom<Body> for AddMember {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let email = errors.take("email", EmailAddress::try_from(body.email));
        let name = errors.given("name", body.name.as_deref().map(DisplayName::try_from));
        let department = errors.given("department", body.department.as_deref().map(Note::try_from));
        let position = errors.given("position", body.position.as_deref().map(Note::try_from));
        let message = errors.given("message", body.message.as_deref().map(Note::try_from));
        let locale = errors.given("locale", body.locale.map(Locale::try_from));
        let expires_in = errors.given("expires_in_days", body.expires_in_days.map(InvitationDays::try_from));
        errors.check()?;
        Ok(Self {
            email: email.ok_or_else(|| ApiError::internal("a refused field was not noted"))?,
            name,
            role: body.role,
            permissions: body.permissions,
            department,
            position,
            message,
            locale,
            expires_in,
            invite: true,
        })
    }
}

/// Invites a person.
///
/// A seat is taken at once. The mail's link is good for `expires_in_days`, or as many days as the catalog says; role and address come
/// from here, never from the link.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invitations", operation_id = "invitations_create",
    tag = "invitations", request_body = Body,
    responses((status = 201, description = "The invitation.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    members: web::Data<MembersService>,
) -> Answer {
    let added = members.add(&scope, body.try_into()?).await?;
    let location = format!("/api/v1/tenants/{}/users/{}", scope.tenant_id(), added.membership.id());
    Ok(render::created(&location, &MemberView::from(&added.membership)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_INVITE])
        .once()
        .refuses(409, "already_member")
        .refuses(429, "quota_exceeded")
}
