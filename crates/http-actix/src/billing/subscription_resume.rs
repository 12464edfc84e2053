//! POST /tenants/{tenant}/subscription/resume: undoes what is scheduled for the end of the period.

use actix_web::web;
use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_billing::subscription::SubscriptionService;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;
use crate::views::subscription::SubscriptionView;

/// Undoes a scheduled cancellation or change of plan.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/subscription/resume", operation_id = "subscription_resume",
    tag = "billing", responses((status = 200, description = "The subscription.", body = SubscriptionView)))]
async fn handler(InTenant(scope): InTenant, subscriptions: web::Data<SubscriptionService>) -> Answer {
    let resumed = subscriptions.resume(&scope).await?;
    Ok(render::ok(&SubscriptionView::from(&resumed)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .once()
        .refuses(409, "nothing_scheduled")
        .refuses(409, "payment_in_progress")
        .refuses(409, "subscription_cancelled")
}
