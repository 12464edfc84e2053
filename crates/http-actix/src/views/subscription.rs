//! A subscription.

use serde::Serialize;
use tenantry_billing::subscription::{ScheduledChange, Subscription};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What a tenant subscribed to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionView {
    /// Its id.
    pub id: String,
    /// The plan's code.
    #[schema(example = "starter")]
    pub plan: String,
    /// The edition of the plan.
    pub plan_version: String,
    /// `trialing`, `active`, `past_due` or `cancelled`.
    pub status: &'static str,
    /// How often it is billed: `monthly`, `yearly` or `pay_as_you_go`.
    pub billing_cycle: &'static str,
    /// The currency it is billed in.
    #[schema(example = "USD")]
    pub currency: String,
    /// For how many seats, where the price is per seat.
    pub quantity: u32,
    /// When the current period began.
    #[serde(with = "time::serde::rfc3339")]
    pub current_period_start: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub current_period_end: OffsetDateTime,
    /// When the trial ends; null outside of one.
    #[serde(with = "time::serde::rfc3339::option")]
    pub trial_ends_at: Option<OffsetDateTime>,
    /// True when it ends with the current period.
    pub cancel_at_period_end: bool,
    /// What changes with the end of the current period.
    pub scheduled_change: Option<ScheduledView>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A change at the end of the period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduledChange)]
pub(crate) struct ScheduledView {
    /// The plan from then on.
    pub plan: String,
    /// How often it is billed from then on.
    pub billing_cycle: &'static str,
    /// For how many seats from then on.
    pub quantity: u32,
}

impl From<&Subscription> for SubscriptionView {
    fn from(subscription: &Subscription) -> Self {
        let scheduled_change = match subscription.scheduled() {
            Some(ScheduledChange::Terms(terms)) => Some(ScheduledView {
                plan: terms.plan.code.to_string(),
                billing_cycle: terms.cycle.as_str(),
                quantity: terms.quantity.get(),
            }),
            _ => None,
        };
        Self {
            id: subscription.id().to_string(),
            plan: subscription.plan().code.to_string(),
            plan_version: subscription.plan().version.clone(),
            status: subscription.status().as_str(),
            billing_cycle: subscription.cycle().as_str(),
            currency: subscription.currency().to_string(),
            quantity: subscription.quantity().get(),
            current_period_start: subscription.period().start(),
            current_period_end: subscription.period().end(),
            trial_ends_at: subscription.trial_ends_at(),
            cancel_at_period_end: matches!(subscription.scheduled(), Some(ScheduledChange::Cancellation)),
            scheduled_change,
            created_at: subscription.created_at(),
        }
    }
}
