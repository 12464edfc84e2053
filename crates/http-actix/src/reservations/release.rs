//! POST /tenants/{tenant}/reservations/{id}/release: gives a reservation back.

use actix_web::HttpResponse;
use actix_web::web::Data;
use tenantry_kernel::Clock;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::reservation::ReservationId;
use tenantry_quotas::usage::ReservationService;

use super::View;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::routes::Row;
use crate::usage::replayed;

/// Ends a reservation and counts nothing. One that was released already stays so.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/reservations/{id}/release", operation_id = "reservations_release",
    tag = "reservations", responses((status = 200, description = "Given back.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ReservationId>,
    reservations: Data<ReservationService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let ended = reservations.release(&scope, id.as_uuid()).await?;
    let mut answer = HttpResponse::Ok();
    replayed(&mut answer, ended.replayed);
    Ok(answer.json(View::of(&ended.reservation, clock.now(&scope))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .once_by_ledger()
        .refuses(410, "reservation_ended")
        .refuses(402, "no_plan")
}
