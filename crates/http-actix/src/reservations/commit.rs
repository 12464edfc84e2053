//! POST /tenants/{tenant}/reservations/{id}/commit: counts what was really used.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::{Clock, FieldError};
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::reservation::ReservationId;
use tenantry_quotas::usage::ReservationService;
use utoipa::ToSchema;

use super::View;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, OptionalBody, PathId};
use crate::routes::Row;
use crate::usage::replayed;

/// What was used; all that was held when absent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CommitReservation)]
struct Body {
    /// How much, for a reservation of one item. More than was held must fit the limits.
    #[schema(example = 3127)]
    amount: Option<i64>,
    /// How much of each item, in their order.
    amounts: Option<Vec<i64>>,
}

impl Body {
    fn used(self) -> Result<Option<Vec<i64>>, ApiError> {
        match (self.amount, self.amounts) {
            (Some(amount), None) => Ok(Some(vec![amount])),
            (None, amounts) => Ok(amounts),
            (Some(_), Some(_)) => {
                let wrong = FieldError::new("amounts", "invalid_value", "either amount or amounts, not both");
                Err(ApiError::validation(vec![wrong]))
            }
        }
    }
}

/// Ends a reservation and counts what was really used. A retry gets its first answer again and counts nothing.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/reservations/{id}/commit", operation_id = "reservations_commit",
    tag = "reservations", request_body = Option<Body>, responses((status = 200, description = "Counted.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<ReservationId>,
    OptionalBody(body): OptionalBody<Body>,
    reservations: Data<ReservationService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let used = body.unwrap_or_default().used()?;
    let ended = reservations.commit(&scope, id.as_uuid(), used).await?;
    let mut answer = HttpResponse::Ok();
    replayed(&mut answer, ended.replayed);
    Ok(answer.json(View::of(&ended.reservation, clock.now(&scope))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .once_by_ledger()
        .refuses(429, "quota_exceeded")
        .refuses(410, "reservation_ended")
        .refuses(402, "no_plan")
}
