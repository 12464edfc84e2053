//! GET /tenants/{tenant}/join-requests

use actix_web::web::Data;
use serde::Serialize;
use tenantry_lifecycle::joining::JoiningService;
use tenantry_tenancy::joining::JoinRequest;
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Somebody who asks to be let in.
#[derive(Serialize, ToSchema)]
struct View {
    /// The request's id. The member who may come of it has the same.
    id: String,
    /// The verified address by which they ask.
    #[schema(example = "ada@acme.example")]
    email: String,
    /// What they call themself.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// When they asked.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when the request waits.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<&JoinRequest> for View {
    fn from(request: &JoinRequest) -> Self {
        let record = request.record();
        Self {
            id: record.id.to_string(),
            email: record.email.to_string(),
            name: record.name.to_string(),
            created_at: record.asked_at,
            expires_at: record.ends_at,
        }
    }
}

/// Lists the requests that wait, oldest first, for those who may invite under the security policy.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/join-requests", operation_id = "join_requests_list",
    tag = "invitations", responses((status = 200, description = "A page of requests.", body = Listed<View>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, joining: Data<JoiningService>) -> Answer {
    let page = joining.waiting(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|request| View::from(&request))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_INVITE]).paged()
}
