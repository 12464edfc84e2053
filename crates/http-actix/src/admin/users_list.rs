//! GET /admin/users: all people.

use actix_web::web;
use serde::Deserialize;
use tenantry_lifecycle::people::{PeopleService, PersonFilter};
use tenantry_lifecycle::roles::PLATFORM_READ;
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::extract::{InSystem, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::person_card::CardView;

/// Whom.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// An id, one of their addresses in full, or a part of the name or of the primary address.
    q: Option<String>,
    /// `active`, `disabled` or `erased`.
    status: Option<String>,
}

impl TryFrom<Filter> for PersonFilter {
    type Error = ApiError;

    fn try_from(filter: Filter) -> Result<Self, ApiError> {
        let status = match filter.status.as_deref() {
            None => None,
            Some("active") => Some("active"),
            Some("disabled") => Some("disabled"),
            Some("erased") => Some("erased"),
            Some(_) => return Err(ApiError::invalid("status", &"must be active, disabled or erased")),
        };
        Ok(Self {
            text: filter.q.filter(|text| !text.trim().is_empty()),
            status,
        })
    }
}

/// Lists people, oldest first.
#[utoipa::path(get, path = "/api/v1/admin/users", operation_id = "admin_users_list", tag = "admin",
    params(Filter), responses((status = 200, description = "A page of people.", body = Listed<CardView>)))]
async fn handler(
    InSystem(scope): InSystem,
    Query(filter): Query<Filter>,
    paging: Paging,
    people: web::Data<PeopleService>,
) -> Answer {
    let page = people.list(&scope, &filter.try_into()?, paging.request()).await?;
    Ok(paging.answer(page.map(CardView::from)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ).paged()
}
