//! POST /tenants/{tenant}/users: adds a member, or invites one.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_lifecycle::members::{AddMember, MembersService};
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use tenantry_tenancy::text::{DisplayName, Note};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    #[schema(example = "bob@acme.example")]
    email: String,
    #[schema(example = "Bob Kahn")]
    name: Option<String>,
    #[schema(example = "member")]
    role: String,
    /// Permissions beyond the role.
    #[serde(default)]
    #[schema(example = json!([]))]
    permissions: Vec<String>,
    #[schema(example = "Engineering")]
    department: Option<String>,
    #[schema(example = "Analyst")]
    position: Option<String>,
    /// False adds the person at once, without a mail.
    #[serde(default = "yes")]
    send_invite: bool,
}

const fn yes() -> bool {
    true
}

impl TryFrom<Body> for AddMember {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let email = errors.take("email", EmailAddress::try_from(body.email));
        let name = errors.given("name", body.name.map(DisplayName::try_from));
        let department = errors.given("department", body.department.map(Note::try_from));
        let position = errors.given("position", body.position.map(Note::try_from));
        let (Some(email), true) = (email, errors.is_empty()) else {
            return Err(errors.into());
        };
        Ok(Self {
            email,
            name,
            role: body.role,
            permissions: body.permissions,
            department,
            position,
            message: None,
            locale: None,
            expires_in: None,
            invite: body.send_invite,
        })
    }
}

/// Adds a member.
///
/// The person gets an invitation unless `send_invite` is false. Either way a seat is taken.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/users", operation_id = "users_create", tag = "users",
    request_body = Body, responses((status = 201, description = "The member.", body = MemberView)))]
async fn handler(InTenant(scope): InTenant, JsonBody(body): JsonBody<Body>, seats: Data<MembersService>) -> Answer {
    let added = seats.add(&scope, body.try_into()?).await?;
    let location = format!("/api/v1/tenants/{}/users/{}", scope.tenant_id(), added.membership.id());
    Ok(render::created(&location, &MemberView::from(&added.membership)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_INVITE])
        .once()
        .refuses(409, "already_member")
        .refuses(429, "quota_exceeded")
}
