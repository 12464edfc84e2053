//! POST /tenants/{tenant}/join-requests/{id}/approve

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::joining::JoiningService;
use tenantry_tenancy::joining::JoinRequestId;
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, OptionalBody, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

/// With which role.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApproveJoinRequest, example = json!({"role": "member"}))]
struct Body {
    /// Their role, in any of its spellings; the one of the security policy when absent.
    #[serde(default)]
    role: Option<String>,
}

/// Lets somebody in who asked. Takes a seat; they are told by mail.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/join-requests/{id}/approve",
    operation_id = "join_requests_approve", tag = "invitations", request_body = Option<Body>,
    responses((status = 201, description = "The new member.", body = MemberView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    PathId(id): PathId<JoinRequestId>,
    joining: Data<JoiningService>,
) -> Answer {
    let body = body.unwrap_or_default();
    let member = joining.approve(&scope, id, body.role.as_deref()).await?;
    let location = format!("/api/v1/tenants/{}/users/{}", scope.tenant_id(), member.id());
    Ok(render::created(&location, &MemberView::from(&member)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_INVITE])
        .once()
        .refuses(409, "already_member")
        .refuses(409, "join_request_void")
        .refuses(429, "quota_exceeded")
}
