//! The wish for another plan, shared by preview and upgrade.

use serde::{Deserialize, Serialize};
use tenantry_billing::change::When;
use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::Quantity;
use tenantry_lifecycle::plan_change::{ChangePlan, OverLimit};
use utoipa::ToSchema;

use crate::error::{ApiError, FieldErrors};

/// A wish for another plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePlan, example = json!({
    "new_plan": "pro", "billing_cycle": "monthly", "payment_method": "card_1234567890"
}))]
pub(super) struct Body {
    /// The plan.
    new_plan: String,
    /// `monthly`, `yearly` or `pay_as_you_go`; as now when absent.
    #[serde(default)]
    billing_cycle: Option<String>,
    /// The gateway's token of a card, or the id of a payment method on file; the default one when absent.
    #[serde(default)]
    payment_method: Option<String>,
    /// For how many seats, where the price is per seat.
    #[serde(default)]
    quantity: Option<u32>,
    /// `now` or `period_end`; upgrades happen now and downgrades at the end of the period when absent.
    #[serde(default)]
    when: Option<String>,
}

impl TryFrom<Body> for ChangePlan {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let cycle = errors.given("billing_cycle", body.billing_cycle.as_deref().map(Cycle::try_from));
        let quantity = errors.given("quantity", body.quantity.map(Quantity::try_from));
        let when = errors.given("when", body.when.as_deref().map(When::try_from));
        errors.check()?;
        Ok(Self {
            plan: body.new_plan,
            cycle,
            quantity,
            when,
            payment_method: body.payment_method,
        })
    }
}

/// A meter that stands above a limit of the plan asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = OverLimit, example = json!({"meter": "users", "used": 12, "limit": 5}))]
pub(super) struct OverLimitView {
    /// The meter's code.
    meter: String,
    /// How much is used now. All of it is kept.
    used: i64,
    /// How much the plan allows. More is refused until less than this is used.
    limit: i64,
}

impl From<&OverLimit> for OverLimitView {
    fn from(line: &OverLimit) -> Self {
        Self {
            meter: line.meter.to_string(),
            used: line.used,
            limit: line.limit,
        }
    }
}
