//! POST /me/tenants/{tenant}/join: joins a tenant, or asks to.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use tenantry_lifecycle::joining::{JoiningService, Outcome};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, PathText, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::join_request::MyJoinRequestView;
use crate::views::member::MemberView;

/// What came of it.
#[derive(Serialize, ToSchema)]
struct View {
    /// `joined`, or `requested`: somebody of the tenant decides.
    #[schema(example = "joined")]
    status: &'static str,
    /// The tenant.
    tenant_id: String,
    /// The membership of who joined.
    user: Option<MemberView>,
    /// The request of who asked.
    request: Option<MyJoinRequestView>,
}

/// Joins a tenant by a verified address: one that it invited, or one at a domain that it proved.
///
/// 201 when that made a member; `POST /me/tenants/{tenant}/switch` enters then. 202 when it made a request, or one waits
/// already. A tenant to which the person has no claim is 404, as one that does not exist.
#[utoipa::path(post, path = "/api/v1/me/tenants/{tenant}/join", operation_id = "me_tenants_join", tag = "me",
    responses((status = 201, description = "A member.", body = View), (status = 202, description = "Asked.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    PathText(tenant): PathText,
    CalledFrom(origin): CalledFrom,
    joining: Data<JoiningService>,
) -> Answer {
    let joined = joining.join(&person, &tenant, origin).await?;
    let tenant_id = joined.tenant.to_string();
    Ok(match &joined.outcome {
        Outcome::Member(member) => {
            let location = format!("/api/v1/tenants/{tenant_id}/users/{}", member.id());
            let view = View {
                status: "joined",
                tenant_id,
                user: Some(MemberView::from(&**member)),
                request: None,
            };
            render::created(&location, &view)
        }
        Outcome::Requested(request) => HttpResponse::Accepted().json(View {
            status: "requested",
            tenant_id,
            user: None,
            request: Some(MyJoinRequestView::from(request)),
        }),
    })
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .refuses(403, "address_not_allowed")
        .refuses(403, "email_unverified")
        .refuses(404, "not_found")
        .refuses(409, "already_member")
        .refuses(409, "invitation_role_gone")
        .refuses(409, "join_request_declined")
        .refuses(410, "invitation_expired")
        .refuses(422, "validation_failed")
        .refuses(423, "tenant_suspended")
        .refuses(429, "quota_exceeded")
}
