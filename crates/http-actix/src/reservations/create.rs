//! POST /tenants/{tenant}/reservations: holds room.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Deserialize;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::{ReservationService, Reserve};
use utoipa::ToSchema;

use super::View;
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody, Operation};
use crate::routes::Row;
use crate::usage::items::{Asked, ItemBody};
use crate::usage::replayed;

/// What to hold: one amount on one meter, or several that are held all or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reserve)]
struct Body {
    /// The meter. Leave it out when there are `items`.
    #[schema(example = "tokens")]
    meter: Option<String>,
    /// How much; 1 when absent.
    #[serde(default, deserialize_with = "crate::usage::items::present")]
    #[schema(example = 4000)]
    amount: Option<i64>,
    /// What it is for.
    description: Option<String>,
    /// Whom within the tenant it is about.
    subject: Option<String>,
    /// Several amounts, at most 20.
    items: Option<Vec<ItemBody>>,
    /// After how many seconds it is given back by itself: 1 to 604,800; 300 when absent.
    #[schema(example = 300)]
    ttl_seconds: Option<i64>,
}

/// Holds room under every limit until it is committed, released, or its time is up. What is held takes room as if it
/// were used.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/reservations", operation_id = "reservations_create",
    tag = "reservations", request_body = Body, responses((status = 201, description = "Held.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    operation: Operation,
    reservations: Data<ReservationService>,
) -> Answer {
    let asked = Asked {
        meter: body.meter,
        amount: body.amount,
        member: None,
        description: body.description,
        subject: body.subject,
        items: body.items,
    };
    let request = Reserve {
        items: asked.items()?,
        ttl_s: body.ttl_seconds,
        operation: operation.named()?,
    };
    let reserved = reservations.reserve(&scope, request).await?;
    let held = &reserved.reservation;
    let mut answer = HttpResponse::Created();
    replayed(&mut answer, reserved.replayed);
    let location = format!("/api/v1/tenants/{}/reservations/{}", scope.tenant_id(), held.id);
    answer.insert_header((header::LOCATION, location));
    Ok(answer.json(View::of(held, held.created_at)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .once_by_ledger()
        .refuses(429, "quota_exceeded")
        .refuses(422, "unknown_meter")
        .refuses(422, "meter_not_reportable")
        .refuses(422, "meter_not_additive")
        .refuses(402, "no_plan")
}
