//! POST /admin/impersonate: an operator acts on behalf of a member.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_lifecycle::roles::PLATFORM_READ;
use tenantry_lifecycle::support::{StartVisit, SupportService};
use utoipa::ToSchema;

use super::VisitView;
use crate::error::Answer;
use crate::extract::{InSystem, JsonBody};
use crate::render;
use crate::routes::Row;

/// Whom, why, and for how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Impersonate)]
struct Body {
    /// The tenant, by id or slug.
    #[schema(example = "acme")]
    tenant: String,
    /// The member, by the membership's id.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    user: String,
    /// Why, in 10 to 200 characters; the tenant reads it.
    #[schema(example = "Ticket 17: the customer sees no invoices")]
    reason: String,
    /// For how many minutes, 1 to 60; 15 when absent.
    #[schema(example = 15)]
    minutes: Option<i64>,
    /// False to change things, too, which support may not; true when absent.
    #[schema(example = true)]
    read_only: Option<bool>,
}

/// A visit and its token.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedVisit)]
struct View {
    /// The visit.
    impersonation: VisitView,
    /// For every request, in `Authorization: Bearer`. There is no refresh token.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Whole seconds until it expires.
    #[schema(example = 900)]
    expires_in: i64,
}

/// Begins a visit: an operator acts on behalf of a member, as support only to look.
///
/// The tenant's own log names both, with the reason. What the visit may do is what the member may, less keys, service
/// accounts, members and roles, security, billing and the member's own account; and less every change where it is
/// read-only.
#[utoipa::path(post, path = "/api/v1/admin/impersonate", operation_id = "admin_impersonate", tag = "admin",
    request_body = Body, responses((status = 201, description = "The visit and its token.", body = View)))]
async fn handler(InSystem(scope): InSystem, JsonBody(body): JsonBody<Body>, support: Data<SupportService>) -> Answer {
    let request = StartVisit {
        tenant: body.tenant,
        membership: body.user,
        reason: body.reason,
        minutes: body.minutes,
        read_only: body.read_only,
    };
    let started = support.start(&scope, request).await?;
    Ok(render::created(
        "/api/v1/admin/impersonate",
        &View {
            impersonation: VisitView::from(&started.visit),
            access_token: started.access.expose().clone(),
            token_type: "Bearer",
            expires_in: started.expires_in_s,
        },
    ))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_READ)
        .once()
        .refuses(403, "support_access_not_agreed")
        .refuses(423, "tenant_suspended")
}
