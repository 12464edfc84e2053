//! GET /tenants/{tenant}/users

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_tenancy::membership::service::{ListMembers, MemberService};
use tenantry_tenancy::membership::{MembershipSource, MembershipState};
use tenantry_tenancy::permissions::MEMBERS_READ;
use utoipa::IntoParams;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::member::MemberView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `invited`, `active` or `deactivated`.
    status: Option<String>,
    /// A role, by any of its names.
    role: Option<String>,
    /// How they came: `invite`, `sign_up`, `api`, `sso`, `scim`, `domain` or `import`.
    source: Option<String>,
    /// A part of the name or the address.
    q: Option<String>,
}

impl TryFrom<Filter> for ListMembers {
    type Error = ApiError;

    fn try_from(filter: Filter) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let state = errors.given(
            "status",
            filter
                .status
                .map(|text| MembershipState::from_name(&text).ok_or("must be invited, active or deactivated")),
        );
        let source = errors.given(
            "source",
            filter.source.map(|text| {
                MembershipSource::from_name(&text).ok_or("must be invite, sign_up, api, sso, scim, domain or import")
            }),
        );
        errors.check()?;
        Ok(Self {
            state,
            role: filter.role,
            source,
            text: filter.q,
            ..Self::default()
        })
    }
}

/// Lists the members, oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users", operation_id = "users_list", tag = "users",
    params(Filter), responses((status = 200, description = "A page of members.", body = Listed<MemberView>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    Query(filter): Query<Filter>,
    members: Data<MemberService>,
) -> Answer {
    let page = members.list(&scope, filter.try_into()?, paging.request()).await?;
    Ok(paging.answer(page.map(|member| MemberView::from(&member))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ]).paged()
}
