//! POST /tenants/{tenant}/invitations/{id}/resend: sends the mail again, with a new link.

use actix_web::web;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::MEMBERS_INVITE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

/// Sends an invitation again.
///
/// The link of the earlier mail stops working.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invitations/{id}/resend", operation_id = "invitations_resend",
    tag = "invitations", responses((status = 200, description = "The invitation.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<MembershipId>,
    members: web::Data<MembersService>,
) -> Answer {
    let member = members.resend(&scope, id).await?;
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
}
