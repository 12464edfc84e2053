//! GET /admin/subscriptions/stats: recurring revenue.

use std::collections::BTreeMap;

use actix_web::web;
use serde::Serialize;
use tenantry_lifecycle::operators::{OperatorService, Revenue};
use tenantry_lifecycle::roles::PLATFORM_READ;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InSystem;
use crate::render::{self, MoneyView};
use crate::routes::Row;

/// How the subscriptions stand.
#[derive(Serialize, ToSchema)]
#[schema(as = SubscriptionStats)]
struct View {
    /// Live subscriptions by status.
    by_status: BTreeMap<String, u64>,
    /// Live subscriptions by plan.
    by_plan: BTreeMap<String, u64>,
    /// Revenue, one row per currency; currencies are never added up.
    revenue: Vec<RevenueView>,
}

/// Recurring revenue in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = Revenue)]
struct RevenueView {
    /// ISO 4217.
    currency: String,
    /// Per month. Trials, taxes and metered prices do not count; a year counts a twelfth.
    mrr: MoneyView,
    /// Per year.
    arr: MoneyView,
    /// Per month and plan.
    by_plan: Vec<PlanRevenueView>,
}

/// Recurring revenue of one plan.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanRevenue)]
struct PlanRevenueView {
    /// The plan.
    plan: String,
    /// Per month.
    mrr: MoneyView,
    /// How many subscriptions pay it.
    subscriptions: u64,
}

impl From<&Revenue> for RevenueView {
    fn from(revenue: &Revenue) -> Self {
        let plan = |(code, mrr, count): &(tenantry_kernel::Code, tenantry_kernel::Money, u64)| PlanRevenueView {
            plan: code.to_string(),
            mrr: (*mrr).into(),
            subscriptions: *count,
        };
        Self {
            currency: revenue.currency.to_string(),
            mrr: revenue.mrr.into(),
            arr: revenue.arr.into(),
            by_plan: revenue.by_plan.iter().map(plan).collect(),
        }
    }
}

/// Adds up live subscriptions and their recurring revenue.
#[utoipa::path(get, path = "/api/v1/admin/subscriptions/stats", operation_id = "admin_subscription_stats", tag = "admin",
    responses((status = 200, description = "The figures.", body = View)))]
async fn handler(InSystem(scope): InSystem, operators: web::Data<OperatorService>) -> Answer {
    let stats = operators.subscription_stats(&scope).await?;
    Ok(render::ok(&View {
        by_status: stats.by_status,
        by_plan: stats
            .by_plan
            .into_iter()
            .map(|(plan, count)| (plan.to_string(), count))
            .collect(),
        revenue: stats.revenue.iter().map(RevenueView::from).collect(),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).platform(PLATFORM_READ)
}
