//! POST /tenants/{tenant}/subscription/preview: what a change would mean.

use actix_web::web;
use serde::Serialize;
use tenantry_billing::change::{ChangeKind, Effect};
use tenantry_billing::permissions::BILLING_READ;
use tenantry_lifecycle::plan_change::{PlanChangeService, Preview};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::change::{Body, OverLimitView};
use crate::error::Answer;
use crate::extract::{InTenant, JsonBody};
use crate::render::{self, MoneyView};
use crate::routes::Row;
use crate::views::invoice::LineView;
use crate::views::subscription::SubscriptionView;

/// What a change would mean now.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangePreview)]
struct View {
    /// The plan asked for.
    plan: String,
    /// `upgrade` or `downgrade`.
    kind: &'static str,
    /// When it takes effect; null for now.
    #[serde(with = "time::serde::rfc3339::option")]
    effective_at: Option<OffsetDateTime>,
    /// What would be billed at once.
    lines: Vec<LineView>,
    /// The sum of the lines.
    subtotal: MoneyView,
    /// Credit used; granted when below zero.
    credit_applied: MoneyView,
    /// What would be charged at once.
    amount_due: MoneyView,
    /// The subscription after it.
    subscription: SubscriptionView,
    /// What is used beyond the limits of the plan asked for. It would be kept, and more of it refused.
    over_limit: Vec<OverLimitView>,
}

impl From<&Preview> for View {
    fn from(preview: &Preview) -> Self {
        let outcome = &preview.outcome;
        Self {
            plan: preview.plan.code.to_string(),
            kind: match outcome.kind {
                ChangeKind::Upgrade => "upgrade",
                ChangeKind::Downgrade => "downgrade",
            },
            effective_at: match outcome.effect {
                Effect::Now(_) => None,
                Effect::At(at) => Some(at),
            },
            lines: outcome.lines.iter().map(LineView::from).collect(),
            subtotal: preview.totals.subtotal.into(),
            credit_applied: preview.totals.credit_applied.into(),
            amount_due: preview.totals.amount_due.into(),
            subscription: SubscriptionView::from(&outcome.subscription),
            over_limit: preview.over_limit.iter().map(OverLimitView::from).collect(),
        }
    }
}

/// Tells what a change of plan would cost now.
///
/// Nothing is written; the upgrade runs the same planner.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/subscription/preview", operation_id = "subscription_preview",
    tag = "billing", request_body = Body, responses((status = 200, description = "The change.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    changes: web::Data<PlanChangeService>,
) -> Answer {
    let preview = changes.preview(&scope, &body.try_into()?).await?;
    Ok(render::ok(&View::from(&preview)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_READ])
        .for_support()
        .refuses(409, "plan_unchanged")
        .refuses(402, "payment_required")
        .refuses(409, "subscription_cancelled")
        .refuses(422, "plan_not_offered")
}
