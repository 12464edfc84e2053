//! PATCH /tenants/{tenant}/users/{id}: what the tenant knows of a member.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::MembershipId;
use tenantry_tenancy::membership::DetailsChange;
use tenantry_tenancy::membership::service::MemberService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use tenantry_tenancy::text::{DisplayName, Note};
use utoipa::ToSchema;

use super::answer;
use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{IfMatch, InTenant, JsonBody, Patch, PathId};
use crate::routes::Row;
use crate::views::member::MemberView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    #[schema(example = "Robert Kahn")]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Research")]
    department: Patch,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Lead")]
    position: Patch,
}

impl TryFrom<Body> for DetailsChange {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let change = Self {
            name: errors.given("name", body.name.map(DisplayName::try_from)),
            department: errors.given_or_null("department", body.department, Note::try_from),
            position: errors.given_or_null("position", body.position, Note::try_from),
        };
        errors.check()?;
        Ok(change)
    }
}

/// Changes what the tenant knows of a member.
#[utoipa::path(patch, path = "/api/v1/tenants/{tenant}/users/{id}", operation_id = "users_change", tag = "users",
    request_body = Body, responses((status = 200, description = "The member now.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<MembershipId>,
    IfMatch(wanted): IfMatch,
    members: Data<MemberService>,
) -> Answer {
    let expected = wanted.version_of(id.as_uuid())?;
    let member = members.describe(&scope, id, body.try_into()?, expected).await?;
    Ok(answer(&member))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC])
        .conditional()
}
