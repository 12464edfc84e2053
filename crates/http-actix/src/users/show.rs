//! GET /tenants/{tenant}/users/{id}

use actix_web::web::Data;
use tenantry_kernel::MembershipId;
use tenantry_tenancy::membership::service::MemberService;
use tenantry_tenancy::permissions::MEMBERS_READ;

use super::answer;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::routes::Row;
use crate::views::member::MemberView;

/// Shows a member.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users/{id}", operation_id = "users_show", tag = "users",
    responses((status = 200, description = "The member.", body = MemberView)))]
async fn handler(InTenant(scope): InTenant, PathId(id): PathId<MembershipId>, members: Data<MemberService>) -> Answer {
    Ok(answer(&members.show(&scope, id).await?))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ]).tagged()
}
