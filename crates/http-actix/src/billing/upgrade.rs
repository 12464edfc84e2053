//! POST /tenants/{tenant}/upgrade: another plan.

use actix_web::web;
use serde::Serialize;
use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_lifecycle::plan_change::PlanChangeService;
use utoipa::ToSchema;

use super::change::{Body, OverLimitView};
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::invoice::InvoiceView;
use crate::views::subscription::SubscriptionView;

/// What the change did.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanChanged)]
struct View {
    /// The subscription now.
    subscription: SubscriptionView,
    /// What was billed; null when nothing was.
    invoice: Option<InvoiceView>,
    /// What is used beyond the limits of the plan asked for. It is kept, and more of it is refused.
    over_limit: Vec<OverLimitView>,
}

/// Changes the plan, up or down.
///
/// At once, when what is due has been paid: the unused rest of the old plan is credited, the rest of the period on
/// the new one is charged. Downgrades wait for the end of the period unless `when` says `now`. A refused payment
/// changes nothing. Who uses more than the new plan allows keeps it: `over_limit` tells what, and more is refused.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/upgrade", operation_id = "subscription_upgrade", tag = "billing",
    request_body = Body, responses((status = 200, description = "The subscription and its invoice.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    changes: web::Data<PlanChangeService>,
) -> Answer {
    let done = changes.change(&scope, &body.try_into()?).await?;
    Ok(render::ok(&View {
        subscription: SubscriptionView::from(&done.subscription),
        invoice: done.invoice.as_ref().map(InvoiceView::from),
        over_limit: done.over_limit.iter().map(OverLimitView::from).collect(),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .once()
        .refuses(402, "payment_required")
        .refuses(409, "plan_unchanged")
        .refuses(409, "payment_in_progress")
        .refuses(409, "subscription_cancelled")
        .refuses(422, "invalid_payment_method")
        .refuses(422, "plan_not_offered")
        .refuses(503, "gateway_unavailable")
        .refuses(503, "payment_pending")
}
