//! What the new tenant subscribes to, and what it may use.

use tenantry_billing::account::BillingAccount;
use tenantry_billing::invoice::Purpose;
use tenantry_billing::payment::Draft as Bill;
use tenantry_billing::start::plan_start;
use tenantry_billing::subscription::{Quantity, Subscription, SubscriptionId, Terms};
use tenantry_kernel::Event;

use super::error::SignUpError;
use super::service::{Draft, SignUpService};
use crate::seats;
use crate::store::LifecycleUnit;

impl SignUpService {
    /// Billing account, subscription, entitlements, and the owner's seat. A plan without a trial bills its first
    /// period: the invoice is open, and no payment method is needed to begin.
    pub(super) async fn write_subscription(
        &self,
        unit: &mut dyn LifecycleUnit,
        draft: &Draft<'_>,
        events: &mut Vec<Event>,
    ) -> Result<Subscription, SignUpError> {
        let Draft { plan, now, .. } = draft;
        let terms = Terms {
            plan: plan.offer.reference(),
            cycle: plan.cycle,
            quantity: Quantity::ONE,
        };
        let id = SubscriptionId::from_uuid(self.0.ids.next());
        let start = plan_start(id, &plan.offer.plan, terms, plan.currency, *now)?;
        let subscription = start.subscription;

        unit.billing_accounts()
            .insert(&BillingAccount::open(plan.currency))
            .await?;
        unit.subscriptions().insert(&subscription).await?;
        events.push(
            Event::new("subscription.started", subscription.id())
                .set("plan", subscription.plan().code.as_str())
                .set("billing_cycle", subscription.cycle().as_str())
                .set("status", subscription.status().as_str())
                .set("trial_ends_at", subscription.trial_ends_at()),
        );
        let bill = Bill {
            subscription: Some(id),
            purpose: Purpose::Renewal {
                period: subscription.period(),
            },
            lines: start.lines,
        };
        if let Some((_, issued)) = self.0.collection.issue(unit.as_billing(), bill, *now).await? {
            events.extend(issued);
        }

        let timezone = draft.tenant.profile().timezone.as_str();
        let entitlements = plan.offer.entitlements(timezone, &subscription);
        unit.entitlements().replace(&entitlements).await?;
        seats::adjust(unit, &self.0.catalog, 1, *now).await?;
        Ok(subscription)
    }
}
