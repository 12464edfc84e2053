//! GET /tenants/{tenant}/reservations/{id}

use actix_web::web::Data;
use tenantry_kernel::Clock;
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_USAGE};
use tenantry_quotas::reservation::ReservationId;
use tenantry_quotas::usage::ReservationService;

use super::View;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Shows a reservation.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/reservations/{id}", operation_id = "reservations_show",
    tag = "reservations", responses((status = 200, description = "The reservation.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ReservationId>,
    reservations: Data<ReservationService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let found = reservations.find(&scope, id.as_uuid()).await?;
    let found = found.ok_or_else(ApiError::not_found)?;
    Ok(render::ok(&View::of(&found, clock.now(&scope))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([CONSUME_USAGE, READ_USAGE])
}
