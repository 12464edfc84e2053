//! GET /tenants/{tenant}/reservations

use actix_web::web::Data;
use tenantry_kernel::Clock;
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_USAGE};
use tenantry_quotas::usage::ReservationService;

use super::View;
use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;

/// Lists reservations, latest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/reservations", operation_id = "reservations_list",
    tag = "reservations", responses((status = 200, description = "A page of them.", body = Listed<View>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    reservations: Data<ReservationService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let page = reservations.list(&scope, paging.request()).await?;
    let now = clock.now(&scope);
    Ok(paging.answer(page.map(|one| View::of(&one, now))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE, READ_USAGE])
        .paged()
}
