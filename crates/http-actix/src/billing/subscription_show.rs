//! GET /tenants/{tenant}/subscription: what the tenant subscribed to.

use actix_web::web;
use tenantry_billing::permissions::BILLING_READ;
use tenantry_billing::subscription::SubscriptionService;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;
use crate::views::subscription::SubscriptionView;

/// Shows the live subscription, or else the last one.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/subscription", operation_id = "subscription_show", tag = "billing",
    responses((status = 200, description = "The subscription.", body = SubscriptionView)))]
async fn handler(InTenant(scope): InTenant, subscriptions: web::Data<SubscriptionService>) -> Answer {
    let found = subscriptions.show(&scope).await?;
    Ok(render::single(
        found.id().as_uuid(),
        found.version(),
        &SubscriptionView::from(&found),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([BILLING_READ]).for_paying()
}
