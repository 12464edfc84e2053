//! POST /tenants/{tenant}/invitations/{id}/resend: sends the mail again, with a new link.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Locale;
use tenantry_kernel::MembershipId;
use tenantry_kernel::text::Note;
use tenantry_lifecycle::members::{InvitationDays, MembersService, Resend};
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// A sentence for the mail; that of the first one is not kept.
    #[schema(example = "Still time until Friday.")]
    message: Option<String>,
    /// Another language than the person's own.
    #[schema(example = "ja")]
    locale: Option<String>,
    /// For how many days they can accept from now on, 1 to 30; as the catalog says when absent.
    #[schema(example = 7)]
    expires_in_days: Option<i64>,
}

impl TryFrom<Body> for Resend {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let again = Self {
            message: errors.given("message", body.message.map(Note::try_from)),
            locale: errors.given("locale", body.locale.map(Locale::try_from)),
            expires_in: errors.given("expires_in_days", body.expires_in_days.map(InvitationDays::try_from)),
        };
        errors.check()?;
        Ok(again)
    }
}

/// Sends an invitation again.
///
/// The link of the earlier mail stops working.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invitations/{id}/resend", operation_id = "invitations_resend",
    tag = "invitations", request_body = Option<Body>, responses((status = 200, description = "The invitation.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<MembershipId>,
    members: web::Data<MembersService>,
) -> Answer {
    let again = body.map_or_else(|| Ok(Resend::default()), Resend::try_from)?;
    let member = members.resend(&scope, id, again).await?;
    Ok(render::single(
        id.as_uuid(),
        member.version(),
        &MemberView::from(&member),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_INVITE])
        .once()
        .refuses(409, "invitation_not_pending")
        .refuses(422, "validation_failed")
}
