//! POST /tenants/{tenant}/join-requests/{id}/decline

use actix_web::web::Data;
use tenantry_lifecycle::joining::JoiningService;
use tenantry_tenancy::joining::JoinRequestId;
use tenantry_tenancy::permissions::MEMBERS_INVITE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Declines a request. No mail goes out; the person may ask again 30 days later.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/join-requests/{id}/decline",
    operation_id = "join_requests_decline", tag = "invitations",
    responses((status = 204, description = "Declined.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<JoinRequestId>,
    joining: Data<JoiningService>,
) -> Answer {
    joining.decline(&scope, id).await?;
    Ok(render::nothing())
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_INVITE])
}
