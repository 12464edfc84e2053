//! GET /tenants/{tenant}/invitations: who has not answered yet.

use actix_web::web;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::membership::service::{ListMembers, MemberService};
use tenantry_tenancy::permissions::MEMBERS_READ;

use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::member::MemberView;

/// Lists pending invitations, oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/invitations", operation_id = "invitations_list",
    tag = "invitations", responses((status = 200, description = "A page of invitations.", body = Listed<MemberView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, members: web::Data<MemberService>) -> Answer {
    let wanted = ListMembers {
        state: Some(MembershipState::Invited),
        ..ListMembers::default()
    };
    let page = members.list(&scope, wanted, paging.request()).await?;
    Ok(paging.answer(page.map(|member| MemberView::from(&member))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ]).paged()
}
