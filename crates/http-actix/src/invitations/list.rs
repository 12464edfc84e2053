//! GET /tenants/{tenant}/invitations: who has not answered yet.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_kernel::Clock;
use tenantry_tenancy::membership::service::{ListMembers, MemberService};
use tenantry_tenancy::membership::{Membership, MembershipState};
use tenantry_tenancy::permissions::MEMBERS_READ;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, Paging, Query as QueryOf};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::member::MemberView;

/// The filters of this list by the name that callers use.
const PENDING: &str = "pending";
const EXPIRED: &str = "expired";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// `pending` or `expired`; both when absent.
    status: Option<String>,
}

/// An invitation that nobody has answered.
#[derive(Serialize, ToSchema)]
struct View {
    #[serde(flatten)]
    member: MemberView,
    /// `pending`, or `expired`: it can be sent again.
    #[schema(example = "pending")]
    invitation_status: &'static str,
}

impl View {
    fn of(member: &Membership, now: OffsetDateTime) -> Self {
        let acceptable = member.is_acceptable(now) == Some(true);
        Self {
            member: MemberView::from(member),
            invitation_status: if acceptable { PENDING } else { EXPIRED },
        }
    }
}

/// Lists invitations that nobody has answered, oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/invitations", operation_id = "invitations_list",
    tag = "invitations", params(Query),
    responses((status = 200, description = "A page of invitations.", body = Listed<View>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    QueryOf(query): QueryOf<Query>,
    members: Data<MemberService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let acceptable = match query.status.as_deref() {
        None => None,
        Some(PENDING) => Some(true),
        Some(EXPIRED) => Some(false),
        Some(_) => return Err(ApiError::invalid("status", &"must be pending or expired")),
    };
    let wanted = ListMembers {
        state: Some(MembershipState::Invited),
        acceptable,
        ..ListMembers::default()
    };
    let page = members.list(&scope, wanted, paging.request()).await?;
    let now = clock.now(&scope);
    Ok(paging.answer(page.map(|member| View::of(&member, now))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ]).paged()
}
