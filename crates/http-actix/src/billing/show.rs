//! GET /tenants/{tenant}/billing: how billing stands, on one page.

use actix_web::web;
use serde::Serialize;
use tenantry_billing::permissions::BILLING_READ;
use tenantry_lifecycle::plan_change::{BillingOverview, PlanChangeService};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render::{self, MoneyView};
use crate::routes::Row;
use crate::views::payment_method::PaymentMethodView;
use crate::views::subscription::SubscriptionView;

/// How billing stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Billing)]
struct View {
    /// The plan's code.
    plan: String,
    /// The plan's name.
    plan_name: String,
    /// What a period costs in advance; null where everything is billed by use.
    price: Option<MoneyView>,
    /// The subscription.
    subscription: SubscriptionView,
    /// ISO 4217.
    currency: String,
    /// Credit that the next invoice uses.
    credit: MoneyView,
    /// What will be charged; null when nothing is on file.
    default_payment_method: Option<PaymentMethodView>,
}

impl From<&BillingOverview> for View {
    fn from(billing: &BillingOverview) -> Self {
        Self {
            plan: billing.plan.code.to_string(),
            plan_name: billing.plan.name.clone(),
            price: billing.price.map(MoneyView::from),
            subscription: SubscriptionView::from(&billing.subscription),
            currency: billing.account.currency().to_string(),
            credit: billing.account.credit().into(),
            default_payment_method: billing.default_method.as_ref().map(PaymentMethodView::from),
        }
    }
}

/// Shows how billing stands.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/billing", operation_id = "billing_show", tag = "billing",
    responses((status = 200, description = "Plan, credit and payment method.", body = View)))]
async fn handler(InTenant(scope): InTenant, changes: web::Data<PlanChangeService>) -> Answer {
    let billing = changes.overview(&scope).await?;
    Ok(render::ok(&View::from(&billing)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([BILLING_READ]).for_paying()
}
