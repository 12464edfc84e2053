//! POST /tenants/{tenant}/usage/give-backs: takes an operation back.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::CorrectionService;
use utoipa::ToSchema;

use super::items::LineView;
use super::replayed;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::routes::Row;

/// Which operation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsageGiveBack)]
struct Body {
    /// The operation: the `Idempotency-Key` that it was counted with, or the `operation_id` of the usage log.
    #[schema(example = "order-17")]
    operation_id: String,
}

/// How the meters stand.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageGivenBack)]
struct View {
    /// One line per item that was given back.
    items: Vec<LineView>,
}

/// Takes back what an operation counted, because the work that it paid for failed. Once: asked again, it answers the
/// same. Possible for 35 days.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/usage/give-backs", operation_id = "usage_give_back", tag = "usage",
    request_body = Body, responses((status = 201, description = "Given back.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    corrections: Data<CorrectionService>,
) -> Answer {
    let operation =
        OperationId::restore(body.operation_id).map_err(|refused| ApiError::invalid("operation_id", &refused))?;
    let counted = corrections.give_back(&scope, operation).await?;
    let mut answer = HttpResponse::Created();
    replayed(&mut answer, counted.replayed);
    Ok(answer.json(View {
        items: counted.lines.iter().map(LineView::from).collect(),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .once_by_ledger()
        .refuses(404, "not_found")
        .refuses(409, "usage_below_zero")
        .refuses(422, "meter_not_additive")
        .refuses(402, "no_plan")
}
