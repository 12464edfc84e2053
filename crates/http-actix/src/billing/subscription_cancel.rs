//! POST /tenants/{tenant}/subscription/cancel: ends the subscription.

use actix_web::web;
use serde::Deserialize;
use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_billing::subscription::{CancelSubscription, CancelWhen, SubscriptionService};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, OptionalBody};
use crate::render;
use crate::routes::Row;
use crate::views::subscription::SubscriptionView;

/// When it ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelSubscription, example = json!({"when": "period_end"}))]
struct Body {
    /// `now` or `period_end`; the latter when absent.
    #[serde(default)]
    when: Option<String>,
}

/// Cancels the subscription: with its period, or at once.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/subscription/cancel", operation_id = "subscription_cancel",
    tag = "billing", request_body = Option<Body>,
    responses((status = 200, description = "The subscription.", body = SubscriptionView)))]
async fn handler(
    InTenant(scope): InTenant,
    OptionalBody(body): OptionalBody<Body>,
    subscriptions: web::Data<SubscriptionService>,
) -> Answer {
    let when = match body.and_then(|body| body.when).as_deref() {
        None | Some("period_end") => CancelWhen::PeriodEnd,
        Some("now") => CancelWhen::Now,
        Some(_) => return Err(ApiError::invalid("when", &"must be now or period_end")),
    };
    let cancelled = subscriptions.cancel(&scope, CancelSubscription { when }).await?;
    Ok(render::ok(&SubscriptionView::from(&cancelled)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .once()
        .refuses(409, "subscription_cancelled")
        .refuses(409, "already_cancelling")
        .refuses(409, "payment_in_progress")
}
