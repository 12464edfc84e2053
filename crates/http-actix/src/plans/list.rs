//! GET /plans: the catalog's public plans.

use actix_web::web::Data;
use serde::Serialize;
use std::collections::BTreeMap;
use tenantry_billing::plan::{Price, PriceBasis};
use tenantry_lifecycle::catalog::{Catalog, Offer};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::render::{self, Whole};
use crate::routes::Row;

/// A price.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanPrice)]
struct PriceView {
    /// How often it is due.
    #[schema(example = "monthly")]
    cycle: &'static str,
    /// Integer minor units; a decimal string where a unit costs less than one.
    #[schema(example = 29800)]
    amount: AmountView,
    /// ISO 4217.
    #[schema(example = "JPY")]
    currency: String,
    /// What one amount buys, when it is not the plan: `seat`, or a meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "seat")]
    per: Option<String>,
}

/// An amount that may be finer than a minor unit.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum AmountView {
    /// Integer minor units.
    Minor(i64),
    /// Minor units as a decimal.
    Fine(String),
}

impl From<&Price> for PriceView {
    fn from(price: &Price) -> Self {
        let (amount, per) = match price.basis() {
            PriceBasis::Flat { amount } => (AmountView::Minor(amount.amount_minor()), None),
            PriceBasis::PerSeat { amount } => (AmountView::Minor(amount.amount_minor()), Some("seat".to_owned())),
            PriceBasis::PerUnit { meter, .. } => (
                AmountView::Fine(render::decimal(price.unit_price_minor())),
                Some(meter.to_string()),
            ),
        };
        Self {
            cycle: price.cycle().as_str(),
            amount,
            currency: price.currency().to_string(),
            per,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct View {
    /// The plan's code, for sign-up and upgrade.
    #[schema(example = "starter")]
    code: String,
    #[schema(example = "Starter")]
    name: String,
    #[schema(example = "For small teams.")]
    description: String,
    prices: Vec<PriceView>,
    #[schema(example = 14)]
    trial_days: u16,
    /// What is allowed of each meter; null is unlimited.
    #[schema(example = json!({"users": 5, "api_calls": null}))]
    limits: BTreeMap<String, Option<i64>>,
    /// What is included.
    #[schema(example = json!(["custom_domain"]))]
    features: Vec<String>,
    /// What the catalog says beyond that.
    #[schema(example = json!({}))]
    metadata: BTreeMap<String, String>,
}

impl View {
    fn of(offer: &Offer, catalog: &Catalog) -> Self {
        let plan = &offer.plan;
        let limit = |meter| offer.allowance(meter).limit;
        Self {
            code: plan.code.to_string(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            prices: plan.prices.iter().map(PriceView::from).collect(),
            trial_days: plan.trial_days,
            limits: catalog
                .meters()
                .iter()
                .map(|meter| (meter.code.to_string(), limit(meter)))
                .collect(),
            features: offer.features.iter().map(ToString::to_string).collect(),
            metadata: offer.metadata.clone(),
        }
    }
}

/// Lists the plans that anybody may choose.
#[utoipa::path(get, path = "/api/v1/plans", operation_id = "plans_list", tag = "plans",
    responses((status = 200, description = "The plans, from small to large.", body = Whole<View>)))]
async fn handler(catalog: Data<Catalog>) -> Answer {
    let data: Vec<View> = catalog.public_offers().map(|offer| View::of(offer, &catalog)).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
}

#[cfg(test)]
mod tests;
